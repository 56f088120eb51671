#include "base/clock.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "wan/relay.h"

#include <inttypes.h>
#include <stdlib.h>

struct wan {
	struct rmi_cli *cli;
	bool json;
};

static double
seconds(int64_t ns)
{
	return (double)ns / (double)RMI_NS_PER_S;
}

/* The texts are made by the relay: words, numbers and the address of the service, nothing that JSON would escape but quotes
   in an address, which cannot be resolved. */
static void
print_event(void *ctx, int64_t at_ns, const char *text)
{
	const struct wan *w = ctx;
	if (w->json) {
		(void)fprintf(w->cli->out, "{\"event\":\"%s\",\"at_s\":%.3f}\n", text, seconds(at_ns));
		(void)fflush(w->cli->out);
	}
	rmi_say(w->cli, "%8.3f s  %s", seconds(at_ns), text);
}

static void
print_stats(const struct wan *w, const struct rmi_wan_stats *s)
{
	if (w->json) {
		(void)fprintf(w->cli->out,
		    "{\"event\":\"end\",\"at_s\":%.3f,\"bytes_up\":%" PRIu64 ",\"bytes_down\":%" PRIu64
		    ",\"connections\":%" PRIu64 ",\"reset\":%" PRIu64 ",\"unreachable\":%" PRIu64 "}\n",
		    seconds(s->elapsed_ns), s->bytes[RMI_WAN_TO_SERVICE], s->bytes[RMI_WAN_TO_CLIENT], s->connections,
		    s->reset, s->unreachable);
	}
	rmi_say(w->cli,
	    "%8.3f s  end: %" PRIu64 " bytes up, %" PRIu64 " down; %" PRIu64 " connections, %" PRIu64 " reset, %" PRIu64
	    " without the service",
	    seconds(s->elapsed_ns), s->bytes[RMI_WAN_TO_SERVICE], s->bytes[RMI_WAN_TO_CLIENT], s->connections, s->reset,
	    s->unreachable);
}

/* The value for one direction: the option of its own, else the one for both. */
static int64_t
pick(const struct rmi_args *args, const char *both, const char *one)
{
	return rmi_args_int(args, rmi_args_given(args, one) ? one : both);
}

/* @return RMI_EXIT_OK, or an exit code after the message was written */
static int
read_script(struct rmi_wan_script *script, const struct rmi_cli *cli, const struct rmi_args *args)
{
	struct rme_error err;
	const char *path = rmi_args_text(args, "script");
	if (path != NULL && rmi_wan_script_load(script, path, &err) != RME_OK) {
		return rmi_complain_error(cli, &err);
	}
	for (size_t i = 0; i < rmi_args_count(args, "at"); i++) {
		if (rmi_wan_script_add(script, rmi_args_text_at(args, "at", i), &err) != RME_OK) {
			return rmi_complain_usage(cli, "--at: %s", err.text);
		}
	}
	return RMI_EXIT_OK;
}

static void
stop_relay(void *relay)
{
	rmi_wan_relay_stop(relay);
}

static int
relay_until_stopped(struct wan *w, const struct rmi_wan_config *config)
{
	struct rme_error err;
	struct rmi_wan_relay *relay;
	if (rmi_wan_relay_new(&relay, config, &err) != RME_OK) {
		return rmi_complain_error(w->cli, &err);
	}
	rmi_say(w->cli, "relaying port %u to %s", rmi_wan_relay_port(relay), config->to);
	rmi_interrupt_on(stop_relay, relay);
	enum rme_err e = rmi_wan_relay_run(relay, &err);
	(void)rmi_interrupt_off(); /* being stopped is how this command ends */
	struct rmi_wan_stats stats;
	rmi_wan_relay_stats(relay, &stats);
	print_stats(w, &stats);
	rmi_wan_relay_free(relay);
	return e == RME_OK ? RMI_EXIT_OK : rmi_complain_error(w->cli, &err);
}

static int
wan_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct wan w = {.cli = cli, .json = rmi_args_given(args, "json")};
	struct rmi_wan_script script = {0};
	const struct rmi_wan_config config = {
	    .listen = rmi_args_text(args, "listen"),
	    .to = rmi_args_text(args, "to"),
	    .shape =
	        {
	            [RMI_WAN_TO_SERVICE] = {pick(args, "delay", "delay-up"), pick(args, "jitter", "jitter-up"),
	                pick(args, "rate", "rate-up")},
	            [RMI_WAN_TO_CLIENT] = {pick(args, "delay", "delay-down"), pick(args, "jitter", "jitter-down"),
	                pick(args, "rate", "rate-down")},
	        },
	    .queue_bytes = (size_t)rmi_args_int(args, "queue"),
	    .buffer_bytes = (size_t)rmi_args_int(args, "buffer"),
	    .connections_max = (unsigned)rmi_args_int(args, "connections"),
	    .lose_every_ns = rmi_args_int(args, "lose-every"),
	    .seed = (uint64_t)rmi_args_int(args, "seed"),
	    .script = &script,
	    .event = print_event,
	    .ctx = &w,
	};
	int code = read_script(&script, cli, args);
	if (code == RMI_EXIT_OK) {
		code = relay_until_stopped(&w, &config);
	}
	rmi_wan_script_done(&script);
	return code;
}

static const struct rmi_option wan_options[] = {
    {.name = "listen",
        .letter = 'l',
        .kind = RMI_OPTION_STRING,
        .value = "HOST:PORT",
        .required = true,
        .help = "accept connections here; port 0 takes any free one"},
    {.name = "to",
        .letter = 't',
        .kind = RMI_OPTION_STRING,
        .value = "HOST:PORT",
        .required = true,
        .help = "the service they are passed on to"},
    {.name = "delay", .letter = 'd', .kind = RMI_OPTION_DURATION, .fallback = "0", .help = "delay in each direction"},
    {.name = "delay-up", .kind = RMI_OPTION_DURATION, .help = "delay towards the service"},
    {.name = "delay-down", .kind = RMI_OPTION_DURATION, .help = "delay towards the client"},
    {.name = "jitter",
        .letter = 'j',
        .kind = RMI_OPTION_DURATION,
        .fallback = "0",
        .help = "the delay varies by up to this; the order is kept"},
    {.name = "jitter-up", .kind = RMI_OPTION_DURATION, .help = "jitter towards the service"},
    {.name = "jitter-down", .kind = RMI_OPTION_DURATION, .help = "jitter towards the client"},
    {.name = "rate",
        .letter = 'r',
        .kind = RMI_OPTION_RATE,
        .fallback = "0",
        .help = "rate in each direction; 0 = no limit"},
    {.name = "rate-up", .kind = RMI_OPTION_RATE, .help = "rate towards the service"},
    {.name = "rate-down", .kind = RMI_OPTION_RATE, .help = "rate towards the client"},
    {.name = "queue",
        .kind = RMI_OPTION_SIZE,
        .fallback = "128KiB",
        .help = "bytes that wait for their turn in each direction before the sender is held up"},
    {.name = "buffer",
        .kind = RMI_OPTION_SIZE,
        .fallback = "1MiB",
        .help = "bytes on their way in each direction of a connection, at most"},
    {.name = "connections",
        .kind = RMI_OPTION_INT,
        .min = 1,
        .max = RMI_WAN_CONNECTIONS_MAX,
        .fallback = "64",
        .help = "connections at a time; more have to wait"},
    {.name = "lose-every",
        .kind = RMI_OPTION_DURATION,
        .fallback = "0",
        .help = "reset all connections at random times, so often on average"},
    {.name = "seed",
        .kind = RMI_OPTION_INT,
        .min = 0,
        .max = 1e9,
        .fallback = "1",
        .help = "of jitter and losses: the same seed, the same line"},
    {.name = "script", .letter = 's', .kind = RMI_OPTION_FILE, .help = "what happens when, one step a line"},
    {.name = "at",
        .kind = RMI_OPTION_STRING,
        .many = true,
        .value = "'TIME ACTION'",
        .help = "a step of the script, such as '5s down'; may be repeated"},
    RMI_OPTION_JSON,
    {.name = NULL},
};

const struct rmi_command rmi_command_wan = {
    .name = "wan",
    .summary = "simulate a wide-area line: a relay with delay, jitter, limited rate and outages",
    .help = "Passes TCP connections on to a service as a long, slow or failing line would. Needs no rights. Ends on "
            "Ctrl-C or "
            "SIGTERM and then tells how many bytes went each way.\n\n"
            "Steps have the form 'at TIME ACTION [VALUE]', in order of time. Actions: down (connections are reset, new "
            "ones "
            "refused), freeze (nothing passes, nobody is told), cut (connections are reset, new ones work), up (works "
            "again), "
            "and delay, jitter, rate with a value, each also with -up or -down for one direction.",
    .examples = "rme wan -l 127.0.0.1:6000 -t 127.0.0.1:50052 -d 20ms -r 8Mbit/s  # 40 ms round trip, 8 Mbit/s\n"
                "rme wan -l 127.0.0.1:6000 -t 127.0.0.1:50052 --at '5s down' --at '8s up'  # an outage of 3 s\n"
                "rme wan -l 127.0.0.1:6000 -t 127.0.0.1:50052 --script tunnel.txt --json  # scripted, for programs",
    .options = wan_options,
    .run = wan_run,
};
