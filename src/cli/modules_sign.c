/* `rme modules keygen` and `rme modules sign`: keys and signatures of minisign. */
#include "cli/modules_commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/modules_find.h"
#include "cli/modules_look.h"
#include "cli/output.h"
#include "cli/signing.h"
#include "sign/minisig.h"

enum { KEY_FILE_MAX = 4096, MODULE_BYTES_MAX = 16 << 20 };

/* @p mode and flags as for open(). */
static enum rme_err
write_file(const char *path, const char *text, int flags, mode_t mode, struct rme_error *err)
{
	size_t len = strlen(text), at = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
	if (fd < 0) {
		return rme_error_set(err, RME_EIO, path, "%s", strerror(errno));
	}
	while (at < len) {
		ssize_t n = write(fd, text + at, len - at);
		if (n < 0 && errno != EINTR) {
			break;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	bool failed = at < len;
	failed = close(fd) != 0 || failed;
	return failed ? rme_error_set(err, RME_EIO, path, "writing failed") : RME_OK;
}

static enum rme_err
keygen(const char *secret_path, const char *public_path, struct rme_error *err)
{
	struct rmi_minisig_public pub;
	struct rmi_minisig_secret secret;
	char text[RMI_MINISIG_TEXT_MAX];
	enum rme_err e = rmi_minisig_init(err);
	if (e != RME_OK) {
		return e;
	}
	rmi_minisig_generate(&pub, &secret);
	rmi_minisig_write_secret(text, &secret);
	e = write_file(secret_path, text, O_EXCL, 0600, err); /* never over a key that is there */
	rmi_minisig_forget(&secret, sizeof(secret));
	rmi_minisig_forget(text, sizeof(text));
	if (e == RME_OK) {
		rmi_minisig_write_public(text, &pub);
		e = write_file(public_path, text, O_EXCL, 0644, err);
	}
	return e;
}

static int
keygen_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct rme_error err = {0};
	const char *pub = rmi_args_text(args, "public-key");
	if (keygen(rmi_args_text(args, "secret-key"), pub, &err) != RME_OK) {
		return rmi_complain_error(cli, &err);
	}
	size_t len;
	char *text = rmi_signing_read_file(pub, KEY_FILE_MAX, &len, &err);
	const char *line = text != NULL ? strchr(text, '\n') : NULL;
	if (line != NULL) {
		(void)fprintf(cli->out, "%s", line + 1); /* for signing.keys */
	}
	free(text);
	return RMI_EXIT_OK;
}

struct signing {
	struct rmi_cli *cli;
	struct rmi_minisig_secret secret;
	const char *comment;
};

static int
sign_one(void *ctx, const struct rmi_module_ref *ref)
{
	struct signing *s = ctx;
	struct rme_error err = {0};
	char path[4096], comment[RMI_MINISIG_COMMENT_MAX], text[RMI_MINISIG_TEXT_MAX];
	size_t len;
	char *bytes = rmi_signing_read_file(ref->path, MODULE_BYTES_MAX, &len, &err);
	if (bytes == NULL || snprintf(path, sizeof(path), "%s.minisig", ref->path) >= (int)sizeof(path)) {
		free(bytes);
		return rmi_complain_error(s->cli, &err);
	}
	const char *slash = strrchr(ref->path, '/');
	(void)snprintf(comment, sizeof(comment), "timestamp:%lld\tfile:%s\thashed", (long long)time(NULL),
	    slash != NULL ? slash + 1 : ref->path);
	rmi_minisig_sign(text, &s->secret, (const uint8_t *)bytes, len, s->comment != NULL ? s->comment : comment);
	free(bytes);
	if (write_file(path, text, O_TRUNC, 0644, &err) != RME_OK) {
		return rmi_complain_error(s->cli, &err);
	}
	(void)fprintf(s->cli->out, "%s\n", path);
	return RMI_EXIT_OK;
}

static enum rme_err
read_secret(struct signing *s, const char *key_path, const char *password_path, struct rme_error *err)
{
	size_t len = 0;
	enum rme_err e = rmi_minisig_init(err);
	char *key = e == RME_OK ? rmi_signing_read_file(key_path, KEY_FILE_MAX, &len, err) : NULL;
	char *password = NULL;
	if (key == NULL) {
		return err->code;
	}
	if (password_path != NULL) {
		password = rmi_signing_read_file(password_path, RMI_MINISIG_PASSWORD_MAX, &len, err);
		e = password != NULL ? RME_OK : err->code;
		if (password != NULL) {
			password[strcspn(password, "\r\n")] = '\0';
		}
	}
	e = e != RME_OK ? e : rmi_minisig_read_secret(&s->secret, key, password, err);
	if (password != NULL) {
		rmi_minisig_forget(password, strlen(password));
	}
	rmi_minisig_forget(key, strlen(key));
	free(password);
	free(key);
	return e;
}

static int
sign_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct signing s = {.cli = cli, .comment = rmi_args_text(args, "comment")};
	struct rme_error err = {0};
	const char *path = rmi_args_text(args, "secret-key");
	if (read_secret(&s, path, rmi_args_text(args, "password-file"), &err) != RME_OK) {
		return rmi_complain_error(cli, &err);
	}
	int code = rmi_modules_each(cli, args, sign_one, &s);
	rmi_minisig_forget(&s.secret, sizeof(s.secret));
	return code;
}

static const struct rmi_option keygen_options[] = {
    {.name = "secret-key", .kind = RMI_OPTION_FILE, .fallback = "rme.key", .help = "file to make, for you alone"},
    {.name = "public-key", .kind = RMI_OPTION_FILE, .fallback = "rme.pub", .help = "file to make, for everybody"},
    {.name = NULL},
};

const struct rmi_command rmi_modules_keygen = {
    .name = "keygen",
    .summary = "make a pair of keys for signing modules",
    .help = "Writes both files and prints the public key, as signing.keys in wasm-modules.yaml takes it. The files are "
            "those of "
            "minisign; the secret key is not encrypted, and can be read by you alone. A key with a password is made by "
            "`minisign -G`.",
    .examples = "rme modules keygen --secret-key ~/rme.key --public-key rme.pub",
    .options = keygen_options,
    .run = keygen_run,
};

static const struct rmi_option sign_options[] = {
    {.name = "secret-key", .kind = RMI_OPTION_FILE, .fallback = "rme.key", .help = "secret key of keygen or minisign"},
    {.name = "password-file", .kind = RMI_OPTION_FILE, .help = "file whose first line is the key's password"},
    {.name = "comment", .kind = RMI_OPTION_STRING, .help = "what is signed along; without it, time and file name"},
    {.name = "modules",
        .kind = RMI_OPTION_FILE,
        .help = "module registry, instead of the wasm-modules.yaml here or above"},
    {.name = NULL},
};
static const struct rmi_operand sign_operands[] = {
    {.name = "NAME",
        .optional = true,
        .many = true,
        .suffix = "wasm",
        .help = "modules; without one, all of the registry"},
    {.name = NULL},
};

const struct rmi_command rmi_modules_sign = {
    .name = "sign",
    .summary = "sign modules: write FILE.minisig beside each",
    .help = "`rme modules verify --key` and `minisign -V` check it; with signing.policy in the registry, whoever runs "
            "the module "
            "does (docs/reference/wasm-modules-yaml.md).",
    .examples = "rme modules sign --secret-key ~/rme.key gain\n"
                "minisign -V -p rme.pub -m build/modules/gain.wasm",
    .options = sign_options,
    .operands = sign_operands,
    .run = sign_run,
};
