#include "cli/modules_commands.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "cli/modules_look.h"
#include "cli/signing.h"

enum { KEY_FILE_MAX = 4096 };

struct verifying {
	struct rmi_cli *cli;
	bool json;
	const char *key; /* NULL = signatures are not looked at */
	size_t n, n_bad;
};

/* What is wrong with a module, if anything: the bytes first, then what the gate says of them. */
static enum rme_err
judge(const struct verifying *v, const struct rmi_module_look *l, struct rme_error *err)
{
	uint8_t signed_bytes[RMI_SHA256_BYTES];
	if (l->file.code != RME_OK) {
		*err = l->file;
		return err->code;
	}
	char have[RMI_SHA256_HEX], want[RMI_SHA256_HEX];
	rmi_sha256_hex(l->sha256, have);
	if (l->pin == RMI_PIN_DIFFERS) {
		rmi_sha256_hex(l->ref.entry->sha256, want);
		return rme_error_set(err, RME_EDENIED, l->ref.path,
		    "has sha256 %.16s..., the lock file says %.16s...; build it again, or update the lock file", have,
		    want);
	}
	if (v->key != NULL) {
		enum rme_err e = rmi_signing_verify(l->ref.path, &v->key, 1, signed_bytes, err);
		if (e != RME_OK) {
			return e;
		}
		if (memcmp(signed_bytes, l->sha256, sizeof(signed_bytes)) != 0) {
			return rme_error_set(err, RME_EDENIED, l->ref.path, "changed while it was read");
		}
	}
	if (l->pin == RMI_PIN_NONE && v->key == NULL) {
		return rme_error_set(err, RME_ENOTFOUND, l->ref.path,
		    "no lock file says which bytes are meant; scripts/build-modules.sh writes wasm-modules.lock");
	}
	if (l->admission.code != RME_OK) {
		return rme_error_set(err, l->admission.code, l->ref.path, "is not admitted: %s", l->admission.text);
	}
	return RME_OK;
}

static int
print_json(struct rmi_cli *cli, const struct rmi_module_look *l, const struct rme_error *err)
{
	char hex[RMI_SHA256_HEX];
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	yyjson_mut_doc_set_root(doc, o);
	(void)yyjson_mut_obj_add_str(doc, o, "name", l->ref.name);
	(void)yyjson_mut_obj_add_str(doc, o, "path", l->ref.path);
	(void)yyjson_mut_obj_add_bool(doc, o, "ok", err->code == RME_OK);
	(void)yyjson_mut_obj_add_str(doc, o, "pin", rmi_module_pin_text(l));
	if (l->file.code == RME_OK) {
		rmi_sha256_hex(l->sha256, hex);
		(void)yyjson_mut_obj_add_str(doc, o, "sha256", hex);
		(void)yyjson_mut_obj_add_bool(doc, o, "admitted", l->admission.code == RME_OK);
	}
	if (err->code != RME_OK) {
		(void)yyjson_mut_obj_add_str(doc, o, "problem", err->text);
	}
	return rmi_modules_print_json(cli, doc);
}

/* Bytes that are not those that were meant are a wrong configuration, whoever is to blame. */
static int
exit_of(enum rme_err e)
{
	return e == RME_EDENIED ? RMI_EXIT_CONFIG : rmi_exit_of(e);
}

static int
verify_one(void *ctx, const struct rmi_module_ref *ref)
{
	struct verifying *v = ctx;
	struct rmi_module_look l;
	rmi_module_look(&l, ref);
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = judge(v, &l, &err);
	v->n++;
	v->n_bad += e != RME_OK;
	int printed = RMI_EXIT_OK;
	if (v->json) {
		printed = print_json(v->cli, &l, &err);
	} else if (e == RME_OK) {
		char hex[RMI_SHA256_HEX];
		rmi_sha256_hex(l.sha256, hex);
		(void)fprintf(v->cli->out, "%-20s ok  %s\n", ref->name, hex);
	} else {
		(void)rmi_complain_error(v->cli, &err);
	}
	rmi_module_look_done(&l);
	return e != RME_OK ? exit_of(e) : printed;
}

static int
verify_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct verifying v = {.cli = cli, .json = rmi_args_given(args, "json"), .key = rmi_args_text(args, "key")};
	char *file = NULL;
	if (v.key != NULL && strncmp(v.key, "RW", 2) != 0) {
		struct rme_error err = {0};
		size_t len;
		v.key = file = rmi_signing_read_file(v.key, KEY_FILE_MAX, &len, &err);
		if (file == NULL) {
			return rmi_complain_error(cli, &err);
		}
	}
	int code = rmi_modules_each(cli, args, verify_one, &v);
	free(file);
	if (v.n_bad > 0) {
		rmi_say(cli, "%zu of %zu modules failed", v.n_bad, v.n);
	}
	return code;
}

static const struct rmi_option verify_options[] = {{.name = "key",
                                                       .kind = RMI_OPTION_FILE,
                                                       .value = "KEY",
                                                       .help = "check signatures too: public key (RW...), or its file"},
    RMI_MODULES_OPTIONS, {.name = NULL}};
static const struct rmi_operand verify_operands[] = {
    {.name = "NAME",
        .optional = true,
        .many = true,
        .suffix = "wasm",
        .help = "modules; without one, all of the registry"},
    {.name = NULL},
};

const struct rmi_command rmi_modules_verify = {
    .name = "verify",
    .summary = "check that modules are the bytes that are meant, and admitted",
    .help =
        "Compares each file with wasm-modules.lock and passes it through the gate that it passes before it is run. The "
        "exit code is 3 if a file is missing, not pinned or differs, and 5 if one is not admitted.",
    .examples = "rme modules verify && rme run speech.yaml -i talk.wav",
    .options = verify_options,
    .operands = verify_operands,
    .run = verify_run,
};
