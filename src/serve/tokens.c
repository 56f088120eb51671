#include "serve/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = RMI_TOKENS_MAX * (RMI_TOKEN_MAX + 128) };

/* RFC 6750, section 2.1: the characters of a bearer token. */
static const char TOKEN_CHARS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

static enum rme_err
add_token(struct rmi_tokens *t, const char *token, unsigned line, struct rme_error *err)
{
	size_t n = strlen(token);
	if (n < RMI_TOKEN_MIN || n > RMI_TOKEN_MAX) {
		return rme_error_set(err, RME_ECONFIG, NULL,
		    "line %u: a token has %d to %d characters, this one has %zu", line, RMI_TOKEN_MIN, RMI_TOKEN_MAX,
		    n);
	}
	if (strspn(token, TOKEN_CHARS) != n) {
		return rme_error_set(
		    err, RME_ECONFIG, NULL, "line %u: a token has only letters, digits and -._~+/=", line);
	}
	if (t->n == RMI_TOKENS_MAX) {
		return rme_error_set(err, RME_ELIMIT, NULL, "line %u: more than %d tokens", line, RMI_TOKENS_MAX);
	}
	t->token[t->n++] = token;
	return RME_OK;
}

static char *
trim(char *line)
{
	line += strspn(line, " \t\r");
	size_t n = strlen(line);
	while (n > 0 && strchr(" \t\r", line[n - 1]) != NULL) {
		line[--n] = '\0';
	}
	return line;
}

static void
name_file(struct rme_error *err, const char *where)
{
	if (err != NULL) {
		const struct rme_error copy = *err;
		(void)rme_error_set(err, copy.code, where, "%s", copy.text);
	}
}

enum rme_err
rmi_tokens_split(struct rmi_tokens *t, char *text, const char *where, struct rme_error *err)
{
	unsigned number = 1;
	for (char *line = text; line != NULL; number++) {
		char *next = strchr(line, '\n');
		if (next != NULL) {
			*next++ = '\0';
		}
		char *token = trim(line);
		enum rme_err e = *token == '\0' || *token == '#' ? RME_OK : add_token(t, token, number, err);
		if (e != RME_OK) {
			name_file(err, where);
			return e;
		}
		line = next;
	}
	return t->n > 0 ? RME_OK : rme_error_set(err, RME_ECONFIG, where, "no token in the file: write one per line");
}

static enum rme_err
cannot_read(const char *path, int why, struct rme_error *err)
{
	return rme_error_set(err, RME_EIO, path, "cannot read the token file: %s", strerror(why));
}

/* Fill text, which has room for FILE_MAX bytes and a NUL, and is all zero. */
static enum rme_err
read_text(char *text, int fd, const char *path, struct rme_error *err)
{
	size_t n = 0;
	ssize_t got = 1;
	while (got > 0 && n <= FILE_MAX) {
		got = read(fd, text + n, FILE_MAX + 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0) {
		return cannot_read(path, errno, err);
	}
	if (n > FILE_MAX || strlen(text) != n) {
		return rme_error_set(err, RME_ECONFIG, path, "not a token file: too large, or binary");
	}
	return RME_OK;
}

static enum rme_err
check_mode(int fd, const char *path, struct rme_error *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		return cannot_read(path, errno, err);
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0) {
		return rme_error_set(
		    err, RME_ECONFIG, path, "everyone on this machine can read the tokens: chmod 600 it");
	}
	return RME_OK;
}

static enum rme_err
read_whole(char **out, const char *path, struct rme_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return cannot_read(path, errno, err);
	}
	char *text = calloc(1, FILE_MAX + 2);
	enum rme_err e = text != NULL ? check_mode(fd, path, err) : RME_ENOMEM;
	if (e == RME_OK) {
		e = read_text(text, fd, path, err);
	}
	(void)close(fd);
	*out = text;
	return e;
}

enum rme_err
rmi_tokens_load(struct rmi_tokens *out, const char *path, struct rme_error *err)
{
	struct rmi_tokens t = {.n = 0};
	enum rme_err e = read_whole(&t.text, path, err);
	if (e == RME_OK) {
		e = rmi_tokens_split(&t, t.text, path, err);
	}
	if (e != RME_OK) {
		rmi_tokens_done(&t);
		return e;
	}
	*out = t;
	return RME_OK;
}

void
rmi_tokens_done(struct rmi_tokens *t)
{
	if (t->text != NULL) {
		explicit_bzero(t->text, FILE_MAX + 2);
	}
	free(t->text);
	*t = (struct rmi_tokens){.n = 0};
}
