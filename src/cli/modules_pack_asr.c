#include "cli/modules_commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "nodes/asr_pack.h"

#define MODEL_DIR "/usr/share/pocketsphinx/model/en-us/" /* where Debian's pocketsphinx-en-us puts it */

static const struct rmi_option options[] = {
    {.name = "output", .letter = 'o', .kind = RMI_OPTION_FILE, .required = true, .help = "the file to write"},
    {.name = "model",
        .kind = RMI_OPTION_FILE,
        .fallback = MODEL_DIR "en-us",
        .value = "DIR",
        .help = "folder of a CMU Sphinx model, semi-continuous or phonetically tied"},
    {.name = "dictionary",
        .kind = RMI_OPTION_FILE,
        .fallback = MODEL_DIR "cmudict-en-us.dict",
        .help = "how words are spoken"},
    {.name = NULL},
};

static const struct rmi_operand operands[] = {
    {.name = "GRAMMAR", .suffix = "gram", .help = "JSGF file, or the text, which starts with #JSGF"},
    {.name = NULL},
};

static enum rme_err
write_file(const char *path, const uint8_t *data, size_t len, struct rme_error *err)
{
	FILE *f = fopen(path, "we");
	if (f == NULL) {
		return rme_error_set(err, RME_EIO, path, "cannot be written: %s", strerror(errno));
	}
	size_t n = fwrite(data, 1, len, f);
	if (fclose(f) != 0 || n != len) {
		return rme_error_set(err, RME_EIO, path, "cannot be written: %s", strerror(errno));
	}
	return RME_OK;
}

static int
pack(struct rmi_cli *cli, const struct rmi_args *args)
{
	const struct rmi_asr_pack_config config = {
	    .model = rmi_args_text(args, "model"),
	    .dictionary = rmi_args_text(args, "dictionary"),
	    .grammar = rmi_args_operand(args, 0),
	};
	const char *path = rmi_args_text(args, "output");
	struct rme_error err = {.code = RME_OK};
	uint8_t *file = NULL;
	size_t len = 0;
	enum rme_err e = rmi_asr_pack(&file, &len, &config, &err);
	if (e == RME_OK) {
		e = write_file(path, file, len, &err);
		free(file);
	}
	if (e != RME_OK) {
		return rmi_complain_error(cli, &err);
	}
	rmi_say(cli, "%s: %zu bytes", path, len);
	return RMI_EXIT_OK;
}

const struct rmi_command rmi_modules_pack_asr = {
    .name = "pack-asr",
    .summary = "make the model file of the module simple_asr for a grammar",
    .help =
        "Takes out of an acoustic model and a dictionary what the grammar needs: some hundred KB instead of ten MB. "
        "Model and dictionary come from the Debian package pocketsphinx-en-us unless they are named.",
    .examples =
        "rme modules pack-asr commands.gram -o commands.asr  # for: module: simple_asr, params: {model: commands.asr}",
    .options = options,
    .operands = operands,
    .run = pack,
};
