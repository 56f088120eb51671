#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/open_pipeline.h"
#include "rpc/loop.h"
#include "serve/server.h"

enum { NODES_MAX = 256, ADDRESS_MAX = 256 };

/* One service, from its start to its end. */
struct service {
	struct rmi_cli *cli;
	const struct rmi_args *args;
	struct rmi_opened opened;
	struct rmi_served_pipeline pipeline;
	char name[64]; /* of the pipeline */
	char address[ADDRESS_MAX];
	char *names; /* of --nodes, cut up */
	const char *nodes[NODES_MAX + 1];
	size_t n_nodes;
	struct rmi_serve *serve;
};

/* ---- what is served ---- */

static int
open_nodes(struct service *s)
{
	const char *path = rmi_args_operand(s->args, 0);
	if (path != NULL) {
		int code = rmi_open_pipeline(&s->opened, s->cli, s->args, path);
		rmi_diags_print(&s->opened.diags, s->cli->err, s->cli->color_err);
		return code;
	}
	struct rme_error err;
	const struct rmi_wiring_config config = {.cli = s->cli,
	    .diags = &s->opened.diags,
	    .registry_path = "",
	    .workers = (unsigned)rmi_args_int(s->args, "workers")};
	return rmi_wiring_new(&s->opened.wiring, &config, &err) == RME_OK ? RMI_EXIT_OK
	                                                                  : rmi_complain_error(s->cli, &err);
}

/* A pipeline is called what its file says, else as the file. */
static void
name_pipeline(struct service *s, const char *path)
{
	const struct rmi_metadata_def *meta = s->opened.def->metadata;
	const char *slash = strrchr(path, '/');
	const char *file = slash != NULL ? slash + 1 : path;
	if (meta != NULL && meta->name != NULL) {
		(void)snprintf(s->name, sizeof s->name, "%s", meta->name);
	} else {
		(void)snprintf(s->name, sizeof s->name, "%.*s", (int)strcspn(file, "."), file);
	}
	s->pipeline.name = s->name;
	s->pipeline.help = meta != NULL ? meta->description : NULL;
	s->pipeline.n = rmi_wiring_specs(s->opened.wiring, &s->pipeline.specs);
}

/* "A,B" and several --nodes alike. */
static int
split_nodes(struct service *s)
{
	size_t bytes = 1;
	for (size_t i = 0; i < rmi_args_count(s->args, "nodes"); i++) {
		bytes += strlen(rmi_args_text_at(s->args, "nodes", i)) + 1;
	}
	s->names = calloc(1, bytes);
	if (s->names == NULL) {
		return RMI_EXIT_FAILED;
	}
	size_t at = 0;
	for (size_t i = 0; i < rmi_args_count(s->args, "nodes"); i++) {
		at += (size_t)snprintf(s->names + at, bytes - at, "%s,", rmi_args_text_at(s->args, "nodes", i));
	}
	char *rest = s->names;
	for (char *name; (name = strsep(&rest, ",")) != NULL;) {
		if (*name == '\0') {
			continue;
		}
		if (s->n_nodes == NODES_MAX) {
			return rmi_complain_usage(s->cli, "--nodes: at most %d names", NODES_MAX);
		}
		s->nodes[s->n_nodes++] = name;
	}
	return RMI_EXIT_OK;
}

/* ---- where ---- */

static int
make_address(struct service *s)
{
	const char *listen = rmi_args_text(s->args, "listen");
	const char *colon = strrchr(listen, ':');
	bool is_unix = strncmp(listen, "unix:", 5) == 0;
	bool has_port = !is_unix && colon != NULL && strspn(colon + 1, "0123456789") == strlen(colon + 1) &&
	                (strchr(listen, ':') == colon || strchr(listen, ']') != NULL);
	size_t host = has_port ? (size_t)(colon - listen) : strlen(listen);
	if (host + 8 > sizeof s->address) {
		return rmi_complain_usage(s->cli, "--listen: too long");
	}
	if (is_unix) {
		(void)snprintf(s->address, sizeof s->address, "%s", listen);
	} else if (rmi_args_given(s->args, "port") || !has_port) {
		(void)snprintf(
		    s->address, sizeof s->address, "%.*s:%d", (int)host, listen, (int)rmi_args_int(s->args, "port"));
	} else {
		(void)snprintf(s->address, sizeof s->address, "%s", listen);
	}
	return RMI_EXIT_OK;
}

/* What others connect to: the port that was found where 0 was asked for. */
static void
fill_port(struct service *s)
{
	char *colon = strrchr(s->address, ':');
	unsigned port = rmi_serve_port(s->serve);
	if (port != 0 && colon != NULL) {
		(void)snprintf(colon, sizeof s->address - (size_t)(colon - s->address), ":%u", port);
	}
}

static int
start(struct service *s)
{
	struct rme_error err;
	const struct rmi_tls tls = {.ca_file = rmi_args_text(s->args, "tls-client-ca"),
	    .cert_file = rmi_args_text(s->args, "tls-cert"),
	    .key_file = rmi_args_text(s->args, "tls-key")};
	bool with_tls = tls.cert_file != NULL || tls.key_file != NULL || tls.ca_file != NULL;
	if (with_tls && (tls.cert_file == NULL || tls.key_file == NULL)) {
		return rmi_complain_usage(s->cli, "TLS needs both --tls-cert and --tls-key");
	}
	const char *pipeline = rmi_args_operand(s->args, 0);
	if (pipeline != NULL) {
		name_pipeline(s, pipeline);
	}
	const struct rmi_serve_config config = {.address = s->address,
	    .tls = with_tls ? &tls : NULL,
	    .insecure_listen = rmi_args_given(s->args, "insecure-listen"),
	    .token_file = rmi_args_text(s->args, "token-file"),
	    .nodes = rmi_args_given(s->args, "nodes") ? s->nodes : NULL,
	    .pipelines = &s->pipeline,
	    .n_pipelines = pipeline != NULL ? 1 : 0,
	    .max_sessions = (unsigned)rmi_args_int(s->args, "max-sessions"),
	    .workers = (unsigned)rmi_args_int(s->args, "workers"),
	    .version = RMI_VERSION};
	if (rmi_serve_new(&s->serve, rmi_wiring_runtime(s->opened.wiring), &config, &err) != RME_OK) {
		return rmi_complain_error(s->cli, &err);
	}
	fill_port(s);
	return RMI_EXIT_OK;
}

/* ---- telling ---- */

static void
print_json(const struct service *s, const char *event)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, o);
	(void)yyjson_mut_obj_add_str(doc, o, "event", event);
	(void)yyjson_mut_obj_add_str(doc, o, "address", s->address);
	(void)yyjson_mut_obj_add_uint(doc, o, "port", rmi_serve_port(s->serve));
	(void)yyjson_mut_obj_add_uint(doc, o, "services", rmi_serve_services(s->serve));
	(void)yyjson_mut_obj_add_uint(doc, o, "sessions", rmi_serve_sessions(s->serve));
	(void)yyjson_mut_obj_add_uint(doc, o, "requests", rmi_serve_requests(s->serve));
	char *text = yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, NULL);
	if (text != NULL) {
		(void)fprintf(s->cli->out, "%s\n", text);
		(void)fflush(s->cli->out);
	}
	free(text);
	yyjson_mut_doc_free(doc);
}

static void
tell(const struct service *s, const char *event)
{
	if (rmi_args_given(s->args, "json")) {
		print_json(s, event);
	}
}

static void
tell_ready(const struct service *s)
{
	const char *tls = rmi_args_given(s->args, "tls-client-ca") ? "mutual TLS"
	                  : rmi_args_given(s->args, "tls-cert")    ? "TLS"
	                                                           : "plain text";
	rmi_say(s->cli, "serving %zu services on %s (%s%s)", rmi_serve_services(s->serve), s->address, tls,
	    rmi_args_given(s->args, "token-file") ? ", tokens" : "");
	tell(s, "ready");
}

/* ---- running ---- */

static void
ask_to_stop(void *stop)
{
	(void)sem_post(stop);
}

static void
log_grpc(void *ctx, bool is_error, const char *text)
{
	const struct rmi_cli *cli = ctx;
	rmi_detail(cli, is_error ? 1 : 2, "grpc: %s", text);
}

static int
serve_until_stopped(struct service *s)
{
	sem_t stop;
	int64_t grace = rmi_args_int(s->args, "grace");
	(void)sem_init(&stop, 0, 0);
	rmi_interrupt_on(ask_to_stop, &stop);
	tell_ready(s);
	while (sem_wait(&stop) != 0 && errno == EINTR) {
	}
	rmi_say(s->cli, "stopping: %u sessions are open and have %.1f s to end", rmi_serve_sessions(s->serve),
	    (double)grace / 1e9);
	tell(s, "draining");
	enum rme_err e = rmi_serve_drain(s->serve, rmi_monotonic_ns() + grace);
	(void)rmi_interrupt_off(); /* being stopped is how this command ends */
	(void)sem_destroy(&stop);
	if (e != RME_OK) {
		rmi_warn(s->cli, "some calls did not end in time and were canceled");
	}
	tell(s, "end");
	return e == RME_OK ? RMI_EXIT_OK : RMI_EXIT_PARTIAL;
}

static int
serve_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct service *s = calloc(1, sizeof *s);
	if (s == NULL) {
		rmi_complain(cli, "out of memory");
		return RMI_EXIT_FAILED;
	}
	s->cli = cli;
	s->args = args;
	rmi_rpc_tune_process();
	rmi_rpc_set_log(log_grpc, cli);
	int code = make_address(s);
	if (code == RMI_EXIT_OK) {
		code = split_nodes(s);
	}
	if (code == RMI_EXIT_OK) {
		code = open_nodes(s);
	}
	if (code == RMI_EXIT_OK) {
		code = start(s);
	}
	if (code == RMI_EXIT_OK) {
		code = serve_until_stopped(s);
	}
	rmi_serve_free(s->serve);
	rmi_opened_done(&s->opened);
	free(s->names);
	free(s);
	return code;
}

static const struct rmi_option serve_options[] = {
    {.name = "listen",
        .letter = 'l',
        .kind = RMI_OPTION_STRING,
        .value = "ADDRESS[:PORT]",
        .fallback = "127.0.0.1",
        .help = "where to listen: an address, [::1]:PORT, or unix:/PATH"},
    {.name = "port",
        .letter = 'P',
        .kind = RMI_OPTION_INT,
        .min = 0,
        .max = 65535,
        .fallback = "50052",
        .help = "port to listen on; 0 takes any free one"},
    {.name = "tls-cert", .kind = RMI_OPTION_FILE, .help = "certificate chain of the service, PEM"},
    {.name = "tls-key", .kind = RMI_OPTION_FILE, .help = "its private key, PEM"},
    {.name = "tls-client-ca",
        .kind = RMI_OPTION_FILE,
        .help = "clients need a certificate that one of these authorities signed, PEM"},
    {.name = "token-file", .kind = RMI_OPTION_FILE, .help = "bearer tokens that are accepted, one a line"},
    {.name = "insecure-listen", .help = "plain text even where others can listen in"},
    {.name = "nodes",
        .letter = 'n',
        .kind = RMI_OPTION_STRING,
        .many = true,
        .value = "NAME,...",
        .help = "serve these node types only"},
    {.name = "max-sessions",
        .kind = RMI_OPTION_INT,
        .min = 1,
        .max = 65536,
        .fallback = "256",
        .help = "sessions that may be open at once"},
    {.name = "workers",
        .kind = RMI_OPTION_INT,
        .min = 0,
        .max = 256,
        .fallback = "0",
        .help = "threads that run sessions; 0 = one per core"},
    {.name = "grace",
        .letter = 'g',
        .kind = RMI_OPTION_DURATION,
        .fallback = "10s",
        .help = "time that open calls have to end after SIGTERM"},
    RMI_PIPELINE_OPTIONS,
    RMI_OPTION_JSON,
    {.name = NULL},
};

static const struct rmi_operand serve_operands[] = {
    {.name = "PIPELINE", .optional = true, .suffix = "yaml", .help = "serve this pipeline too, by its name"},
    {.name = NULL},
};

const struct rmi_command rmi_command_serve = {
    .name = "serve",
    .summary = "serve nodes and a pipeline to other processes, over gRPC",
    .help = "Speaks rme.v1, and of the existing RemoteMedia protocol GetStatus, ListNodes, ExecuteNode and StreamNode "
            "with JSON; health and reflection too. Node types whose parameters name files, devices or other services "
            "are served only if --nodes names them.\n\n"
            "Plain text is for this machine alone: for other addresses give --tls-cert and --tls-key, or "
            "--insecure-listen. With --token-file each call needs 'authorization: Bearer TOKEN'.\n\n"
            "SIGTERM or Ctrl-C drains: no new calls, open ones have --grace to end. A second signal ends at once. Exit "
            "code 0 if all calls ended, 6 if some were canceled.",
    .examples = "rme serve  # on 127.0.0.1:50052, for this machine\n"
                "rme serve -l 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --token-file tokens  # for others\n"
                "rme serve -n SpeechRecognizer,SpeechSynthesizer  # these two only\n"
                "rme serve speech.yaml --json  # a pipeline as one service; events as JSON lines",
    .options = serve_options,
    .operands = serve_operands,
    .run = serve_run,
};
