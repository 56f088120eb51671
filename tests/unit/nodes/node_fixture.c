#include "node_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rme/params.h>

enum rme_err
node_open(struct node_fixture *f, const struct rme_node_type *type, const char *const *params, struct rme_error *err)
{
	struct rme_value values[16] = {{0}};
	size_t n = 0;
	for (; params != NULL && params[2 * n] != NULL; n++) {
		values[n] = (struct rme_value){.key = params[2 * n], .kind = RME_VALUE_TEXT, .text = params[2 * n + 1]};
	}
	const struct rme_params_in in = {values, n};
	*f = (struct node_fixture){.type = type, .config = calloc(1, type->config_size + 1)};
	if (f->config == NULL) {
		return RME_ENOMEM;
	}
	enum rme_err e = rme_params_bind(type->params, &in, f->config, NULL, err);
	return e == RME_OK ? harness_init(&f->h, type, f->config, err) : e;
}

void
node_close(struct node_fixture *f)
{
	if (f->h.rt != NULL) {
		harness_done(&f->h);
	}
	if (f->config != NULL) {
		rme_params_done(f->type->params, f->config);
	}
	free(f->config);
}

enum rme_err
node_text(struct node_fixture *f, enum rme_media media, const char *text)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_of(media);
	return harness_item(&f->h, &m, text, strlen(text));
}

const char *
node_result(const struct node_fixture *f, size_t i)
{
	static char text[16384];
	const struct rme_packet *p = harness_data(&f->h, i);
	size_t len = 0;
	const uint8_t *data = p != NULL ? rme_packet_data(p, &len) : (const uint8_t *)"(none)";
	(void)snprintf(text, sizeof(text), "%.*s", p != NULL ? (int)len : 6, (const char *)data);
	return text;
}
