#include "wasm/compile_failures.h"

#include <stdio.h>
#include <string.h>

void
rmi_compile_failures_init(struct rmi_compile_failures *f)
{
	pthread_mutex_init(&f->lock, NULL);
}

void
rmi_compile_failures_done(struct rmi_compile_failures *f)
{
	pthread_mutex_destroy(&f->lock);
}

static bool
is_of(const struct rmi_compile_failure *c, const uint8_t key[RMI_SHA256_BYTES])
{
	return c->used && memcmp(c->key, key, RMI_SHA256_BYTES) == 0;
}

/* The one of the key, else a free one, else the oldest. */
static struct rmi_compile_failure *
place_for(struct rmi_compile_failures *f, const uint8_t key[RMI_SHA256_BYTES])
{
	struct rmi_compile_failure *best = &f->all[0];
	for (size_t i = 0; i < RMI_COMPILE_FAILURES_MAX; i++) {
		struct rmi_compile_failure *c = &f->all[i];
		if (is_of(c, key)) {
			return c;
		}
		if (best->used && (!c->used || c->at_ns < best->at_ns)) {
			best = c;
		}
	}
	return best;
}

void
rmi_compile_failures_note(
    struct rmi_compile_failures *f, const uint8_t key[RMI_SHA256_BYTES], const struct rme_error *why, int64_t now_ns)
{
	pthread_mutex_lock(&f->lock);
	struct rmi_compile_failure *c = place_for(f, key);
	c->used = true;
	c->at_ns = now_ns;
	c->code = why->code;
	memcpy(c->key, key, RMI_SHA256_BYTES);
	(void)snprintf(c->text, sizeof(c->text), "%s", why->text);
	pthread_mutex_unlock(&f->lock);
}

static enum rme_err
tell(const struct rmi_compile_failure *c, int64_t now_ns, struct rme_error *err)
{
	long long ago_s = (now_ns - c->at_ns) / RMI_NS_PER_S;
	return rme_error_set(err, c->code, NULL, "%s (remembered from %lld s ago; it is compiled again after %lld s)",
	    c->text, ago_s, (long long)(RMI_COMPILE_FAILURE_KEPT_NS / RMI_NS_PER_S));
}

enum rme_err
rmi_compile_failures_find(
    struct rmi_compile_failures *f, const uint8_t key[RMI_SHA256_BYTES], int64_t now_ns, struct rme_error *err)
{
	enum rme_err r = RME_OK;
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < RMI_COMPILE_FAILURES_MAX && r == RME_OK; i++) {
		const struct rmi_compile_failure *c = &f->all[i];
		if (is_of(c, key) && now_ns - c->at_ns < RMI_COMPILE_FAILURE_KEPT_NS) {
			r = tell(c, now_ns, err);
		}
	}
	pthread_mutex_unlock(&f->lock);
	return r;
}
