#include "cli/commands.h"
#include "cli/doctor.h"
#include "cli/output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

static const struct {
	const char *name;
	rmi_doctor_check *run;
} checks[] = {
    {"cpu", rmi_doctor_cpu},
    {"memory", rmi_doctor_memory},
    {"files", rmi_doctor_open_files},
#if RMI_HAVE_WASM
    {"wasm", rmi_doctor_wasm},
    {"guard", rmi_doctor_guard},
    {"compiler", rmi_doctor_compiler},
    {"cache", rmi_doctor_cache},
    {"isolation", rmi_doctor_isolation},
#endif
#if RMI_HAVE_REMOTE
    {"grpc", rmi_doctor_grpc},
    {"port", rmi_doctor_port},
    {"certificates", rmi_doctor_certificates},
#endif
#if RMI_HAVE_SPEECH
    {"recognizer", rmi_doctor_recognizer},
    {"synthesizer", rmi_doctor_synthesizer},
#endif
};
enum { CHECKS_COUNT = sizeof(checks) / sizeof(checks[0]) };

static const struct {
	const char *word;
	enum rmi_style style;
} states[] = {
    [RMI_FINDING_OK] = {"ok", RMI_STYLE_GREEN},
    [RMI_FINDING_WARN] = {"warn", RMI_STYLE_YELLOW},
    [RMI_FINDING_FAIL] = {"fail", RMI_STYLE_RED},
};

void
rmi_finding_set(struct rmi_finding *f, enum rmi_finding_state state, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	f->state = state;
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

void
rmi_finding_todo(struct rmi_finding *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(f->todo, sizeof(f->todo), fmt, ap);
	va_end(ap);
}

void
rmi_finding_fact(struct rmi_finding *f, const char *name, const char *text)
{
	if (f->n_facts < RMI_FINDING_FACTS_MAX) {
		f->facts[f->n_facts].name = name;
		(void)snprintf(f->facts[f->n_facts].text, RMI_FACT_TEXT_MAX, "%s", text);
		f->n_facts++;
	}
}

static void
print_text(const struct rmi_cli *cli, const char *name, const struct rmi_finding *f)
{
	bool c = cli->color_out;
	(void)fprintf(cli->out, "%s%-5s%s %-13s %s\n", rmi_style_on(c, states[f->state].style), states[f->state].word,
	    rmi_style_off(c), name, f->text);
	if (f->todo[0] != '\0') {
		(void)fprintf(
		    cli->out, "      %-13s %s-> %s%s\n", "", rmi_style_on(c, RMI_STYLE_DIM), f->todo, rmi_style_off(c));
	}
}

/* @return false if memory is out */
static bool
print_json(const struct rmi_cli *cli, const char *name, const struct rmi_finding *f)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "check", name);
	yyjson_mut_obj_add_str(doc, root, "state", states[f->state].word);
	yyjson_mut_obj_add_str(doc, root, "text", f->text);
	if (f->todo[0] != '\0') {
		yyjson_mut_obj_add_str(doc, root, "todo", f->todo);
	}
	for (unsigned i = 0; i < f->n_facts; i++) {
		yyjson_mut_obj_add_str(doc, root, f->facts[i].name, f->facts[i].text);
	}
	char *line = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	if (line != NULL) {
		(void)fprintf(cli->out, "%s\n", line);
	}
	free(line);
	yyjson_mut_doc_free(doc);
	return line != NULL;
}

/* Is the check among those named? @return true if none is named */
static bool
is_wanted(const struct rmi_args *args, const char *name)
{
	size_t n = rmi_args_operand_count(args);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rmi_args_operand(args, i), name) == 0) {
			return true;
		}
	}
	return n == 0;
}

static int
doctor_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	const struct rmi_doctor doctor = {
	    .listen = rmi_args_text(args, "listen"),
	    .cert = rmi_args_text(args, "cert"),
	    .key = rmi_args_text(args, "key"),
	    .ca = rmi_args_text(args, "ca"),
	};
	unsigned count[RMI_FINDING_FAIL + 1] = {0};
	for (size_t i = 0; i < CHECKS_COUNT; i++) {
		struct rmi_finding f = {.state = RMI_FINDING_OK};
		if (!is_wanted(args, checks[i].name)) {
			continue;
		}
		checks[i].run(&doctor, &f);
		count[f.state]++;
		if (!rmi_args_given(args, "json")) {
			print_text(cli, checks[i].name, &f);
		} else if (!print_json(cli, checks[i].name, &f)) {
			rmi_complain(cli, "out of memory");
			return RMI_EXIT_FAILED;
		}
		(void)fflush(cli->out);
	}
	rmi_say(cli, "%u ok, %u to look at, %u failed", count[RMI_FINDING_OK], count[RMI_FINDING_WARN],
	    count[RMI_FINDING_FAIL]);
	return count[RMI_FINDING_FAIL] > 0 ? RMI_EXIT_FAILED : RMI_EXIT_OK;
}

static const struct rmi_option doctor_options[] = {
    {.name = "listen",
        .kind = RMI_OPTION_STRING,
        .value = "HOST:PORT",
        .fallback = "127.0.0.1:50052",
        .help = "where a service is to listen"},
    {.name = "cert", .kind = RMI_OPTION_FILE, .help = "certificate that a service is to show"},
    {.name = "key", .kind = RMI_OPTION_FILE, .help = "its private key"},
    {.name = "ca", .kind = RMI_OPTION_FILE, .help = "authority that clients' certificates are to come from"},
    RMI_OPTION_JSON,
    {.name = NULL},
};

static const char *const check_names[] = {"cpu", "memory", "files", "wasm", "guard", "compiler", "cache", "isolation",
    "grpc", "port", "certificates", "recognizer", "synthesizer", NULL};
static const struct rmi_operand doctor_operands[] = {
    {.name = "CHECK", .optional = true, .many = true, .choices = check_names, .help = "look at these only"},
    {.name = NULL},
};

const struct rmi_command rmi_command_doctor = {
    .name = "doctor",
    .summary = "look whether this machine has what pipelines and services need",
    .help =
        "Checks the processor, memory, limits, the WebAssembly engine, how its modules are guarded (RME_GUARD), its "
        "compiler, the cache of compiled modules, their isolation, gRPC, port, certificates and speech models. Says "
        "what to do about what it finds; the exit code is 1 if something will not work.",
    .examples = "rme doctor  # look at everything\n"
                "RME_GUARD=interruptible rme doctor guard  # how the other guard does\n"
                "rme doctor --listen 0.0.0.0:50052 --cert server.pem --key server.key  # before serving others",
    .options = doctor_options,
    .operands = doctor_operands,
    .run = doctor_run,
};
