#include "nodes/speech_verdict.h"

#include <math.h>
#include <yyjson.h>
#include <rme/packet.h>

enum { VERDICT_BYTES_MAX = 64 * 1024, POOL_BYTES = 8 * 1024 };

static yyjson_val *
either(yyjson_val *object, const char *name, const char *other)
{
	yyjson_val *v = yyjson_obj_get(object, name);
	return v != NULL ? v : yyjson_obj_get(object, other);
}

enum rme_err
rmi_speech_verdict_read(struct rmi_speech_verdict *out, const struct rme_packet *json)
{
	size_t len = 0;
	const uint8_t *data = rme_packet_data(json, &len);
	if (len > VERDICT_BYTES_MAX) {
		return RME_EFORMAT;
	}
	/* A verdict per 20 ms is small: no allocation for it. */
	char pool[POOL_BYTES];
	yyjson_alc alc;
	yyjson_doc *doc = NULL;
	if (yyjson_read_max_memory_usage(len, YYJSON_READ_NOFLAG) <= sizeof(pool) &&
	    yyjson_alc_pool_init(&alc, pool, sizeof(pool))) {
		doc = yyjson_read_opts((char *)(uintptr_t)data, len, YYJSON_READ_NOFLAG, &alc, NULL);
	} else {
		doc = yyjson_read((const char *)data, len, YYJSON_READ_NOFLAG);
	}
	yyjson_val *root = yyjson_doc_get_root(doc);
	yyjson_val *speech = either(root, "is_speech", "speech");
	yyjson_val *probability = either(root, "probability", "prob");
	struct rmi_speech_verdict v = {false, NAN};
	if (yyjson_is_num(probability)) {
		v.probability = (float)yyjson_get_num(probability);
	}
	bool known = yyjson_is_bool(speech) || yyjson_is_num(probability);
	v.is_speech = yyjson_is_bool(speech) ? yyjson_get_bool(speech) : v.probability >= 0.5F;
	yyjson_doc_free(doc);
	if (!known) {
		return RME_EFORMAT;
	}
	*out = v;
	return RME_OK;
}
