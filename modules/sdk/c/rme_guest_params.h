#ifndef RME_GUEST_PARAMS_H
#define RME_GUEST_PARAMS_H

/* Parameters out of the JSON that configure() gets. Part of rme_module.h. */

/*
 * The object "params" of the configuration. `bad` is set when one has the wrong type or range. `input` is the media format
 * of the items, such as audio/pcm;format=s16le;rate=16000;channels=1, empty where it is not known.
 */
struct rme_params {
	const char *text;
	uint32_t len;
	const char *bad;
	const char *input;
	uint32_t input_len;
};

static inline struct rme_params
rme_params_of(const char *json, uint32_t len)
{
	struct rme_params p = {"{}", 2, NULL, "", 0};
	const char *value;
	uint32_t n;
	if (rme_json_find(json, len, "params", &value, &n)) {
		p.text = value;
		p.len = n;
	}
	if (rme_json_find(json, len, "input", &value, &n) && n >= 2 && value[0] == '"') {
		p.input = value + 1;
		p.input_len = n - 2;
	}
	return p;
}

/* A number within min..max; @p wrong is the text of the error, e.g. "threshold: a number from 0 to 1 is wanted". */
static inline double
rme_param_number(struct rme_params *p, const char *name, double fallback, double min, double max, const char *wrong)
{
	const char *value;
	uint32_t n;
	double v = fallback;
	if (!rme_json_find(p->text, p->len, name, &value, &n)) {
		return fallback;
	}
	if (!rme_json_number(value, n, &v) || !(v >= min && v <= max)) {
		p->bad = wrong;
		return fallback;
	}
	return v;
}

static inline int
rme_param_bool(struct rme_params *p, const char *name, int fallback, const char *wrong)
{
	const char *value;
	uint32_t n;
	if (!rme_json_find(p->text, p->len, name, &value, &n)) {
		return fallback;
	}
	if (n == 4 && __builtin_memcmp(value, "true", 4) == 0) {
		return 1;
	}
	if (n == 5 && __builtin_memcmp(value, "false", 5) == 0) {
		return 0;
	}
	p->bad = wrong;
	return fallback;
}

/* One of @p n texts; @return its place in @p choices. */
static inline uint32_t
rme_param_choice(struct rme_params *p, const char *name, const char *const *choices, uint32_t n, uint32_t fallback,
    const char *wrong)
{
	const char *value;
	uint32_t len;
	if (!rme_json_find(p->text, p->len, name, &value, &len)) {
		return fallback;
	}
	for (uint32_t i = 0; i < n && len >= 2 && value[0] == '"'; i++) {
		if (rme_text_length(choices[i]) == len - 2 && __builtin_memcmp(choices[i], value + 1, len - 2) == 0) {
			return i;
		}
	}
	p->bad = wrong;
	return fallback;
}

/* Parameter @p key of the input's media format: its text and length, 0 = not said. */
static inline uint32_t
rme_input_field(const struct rme_params *p, const char *key, const char **value)
{
	uint32_t key_len = rme_text_length(key);
	for (uint32_t at = 0; at < p->input_len;) {
		uint32_t end = at;
		while (end < p->input_len && p->input[end] != ';') {
			end++;
		}
		if (end - at > key_len + 1 && p->input[at + key_len] == '=' &&
		    __builtin_memcmp(p->input + at, key, key_len) == 0) {
			*value = p->input + at + key_len + 1;
			return end - at - key_len - 1;
		}
		at = end + 1;
	}
	return 0;
}

/* The same as a whole number; @p fallback where it is not said. */
static inline uint32_t
rme_input_number(const struct rme_params *p, const char *key, uint32_t fallback)
{
	const char *value;
	uint32_t len = rme_input_field(p, key, &value);
	double v;
	return len > 0 && rme_json_number(value, len, &v) && v >= 0.0 && v <= 4294967295.0 ? (uint32_t)v : fallback;
}

#endif
