#include "cli/output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
env_says(const char *name)
{
	const char *v = getenv(name);
	return v != NULL && *v != '\0' && strcmp(v, "0") != 0;
}

/* https://no-color.org and https://bixense.com/clicolors/ */
static bool
color_wanted(bool tty)
{
	const char *no_color = getenv("NO_COLOR");
	if (no_color != NULL && *no_color != '\0') {
		return false;
	}
	if (env_says("CLICOLOR_FORCE")) {
		return true;
	}
	const char *term = getenv("TERM");
	return tty && term != NULL && strcmp(term, "dumb") != 0;
}

void
rmi_cli_init(struct rmi_cli *cli, FILE *out, FILE *err)
{
	*cli = (struct rmi_cli){.out = out, .err = err};
	cli->tty_out = isatty(fileno(out)) == 1;
	cli->tty_err = isatty(fileno(err)) == 1;
	rmi_cli_set_color(cli, "auto");
}

void
rmi_cli_set_color(struct rmi_cli *cli, const char *when)
{
	if (strcmp(when, "auto") == 0) {
		cli->color_out = color_wanted(cli->tty_out);
		cli->color_err = color_wanted(cli->tty_err);
		return;
	}
	cli->color_out = strcmp(when, "always") == 0;
	cli->color_err = cli->color_out;
}

const char *
rmi_style_on(bool on, enum rmi_style style)
{
	static const char *const codes[] = {
	    [RMI_STYLE_BOLD] = "\033[1m",
	    [RMI_STYLE_DIM] = "\033[2m",
	    [RMI_STYLE_RED] = "\033[1;31m",
	    [RMI_STYLE_GREEN] = "\033[32m",
	    [RMI_STYLE_YELLOW] = "\033[1;33m",
	    [RMI_STYLE_BLUE] = "\033[34m",
	    [RMI_STYLE_CYAN] = "\033[36m",
	};
	return on ? codes[style] : "";
}

const char *
rmi_style_off(bool on)
{
	return on ? "\033[0m" : "";
}

RME_PRINTF(4, 0)
static void
write_labeled(const struct rmi_cli *cli, const char *label, enum rmi_style style, const char *fmt, va_list ap)
{
	bool c = cli->color_err;
	(void)fprintf(cli->err, "rme: %s%s:%s ", rmi_style_on(c, style), label, rmi_style_off(c));
	(void)vfprintf(cli->err, fmt, ap);
	(void)fputc('\n', cli->err);
}

void
rmi_say(const struct rmi_cli *cli, const char *fmt, ...)
{
	if (cli->verbosity < 0) {
		return;
	}
	va_list ap;
	va_start(ap, fmt);
	(void)vfprintf(cli->err, fmt, ap);
	va_end(ap);
	(void)fputc('\n', cli->err);
}

void
rmi_detail(const struct rmi_cli *cli, int level, const char *fmt, ...)
{
	if (cli->verbosity < level) {
		return;
	}
	va_list ap;
	va_start(ap, fmt);
	(void)vfprintf(cli->err, fmt, ap);
	va_end(ap);
	(void)fputc('\n', cli->err);
}

void
rmi_warn(const struct rmi_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	write_labeled(cli, "warning", RMI_STYLE_YELLOW, fmt, ap);
	va_end(ap);
}

void
rmi_complain(const struct rmi_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	write_labeled(cli, "error", RMI_STYLE_RED, fmt, ap);
	va_end(ap);
}

int
rmi_complain_error(const struct rmi_cli *cli, const struct rme_error *err)
{
	const char *text = err->text[0] != '\0' ? err->text : rme_err_text(err->code);
	if (err->where[0] != '\0') {
		rmi_complain(cli, "%s: %s", err->where, text);
	} else {
		rmi_complain(cli, "%s", text);
	}
	return rmi_exit_of(err->code);
}

int
rmi_complain_usage(const struct rmi_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	write_labeled(cli, "error", RMI_STYLE_RED, fmt, ap);
	va_end(ap);
	return RMI_EXIT_USAGE;
}

int
rmi_exit_of(enum rme_err code)
{
	static const unsigned char exits[RME_ERR_COUNT_] = {
	    [RME_OK] = RMI_EXIT_OK,
	    [RME_EINVAL] = RMI_EXIT_CONFIG,
	    [RME_ECONFIG] = RMI_EXIT_CONFIG,
	    [RME_EUNSUPPORTED] = RMI_EXIT_CONFIG,
	    [RME_ENOTFOUND] = RMI_EXIT_CONFIG,
	    [RME_ETRANSPORT] = RMI_EXIT_REMOTE,
	    [RME_EUNAVAILABLE] = RMI_EXIT_REMOTE,
	    [RME_EDENIED] = RMI_EXIT_REMOTE,
	    [RME_EMODULE] = RMI_EXIT_MODULE,
	    [RME_ELIMIT] = RMI_EXIT_MODULE,
	    [RME_ETIMEDOUT] = RMI_EXIT_TIMEOUT,
	};
	if (code == RME_OK) {
		return RMI_EXIT_OK;
	}
	if ((unsigned)code >= RME_ERR_COUNT_ || exits[code] == RMI_EXIT_OK) {
		return RMI_EXIT_FAILED;
	}
	return exits[code];
}
