#include "wan/transit.h"

#include <assert.h>
#include <stdlib.h>

/* One segment for so many bytes of the ring: small writes fill the segments first, large ones the ring. */
enum { BYTES_PER_SEGMENT = 256, SEGMENTS_MIN = 16 };

enum rme_err
rmi_wan_transit_init(struct rmi_wan_transit *t, size_t size, int64_t not_before_ns)
{
	*t = (struct rmi_wan_transit){.size = size, .last_due_ns = not_before_ns};
	t->segments_max = size / BYTES_PER_SEGMENT + SEGMENTS_MIN;
	t->bytes = malloc(size);
	t->segments = calloc(t->segments_max, sizeof(*t->segments));
	if (t->bytes == NULL || t->segments == NULL) {
		rmi_wan_transit_done(t);
		return RME_ENOMEM;
	}
	return RME_OK;
}

void
rmi_wan_transit_done(struct rmi_wan_transit *t)
{
	free(t->bytes);
	free(t->segments);
	*t = (struct rmi_wan_transit){0};
}

unsigned char *
rmi_wan_transit_space(struct rmi_wan_transit *t, size_t *n)
{
	size_t tail = (t->head + t->len) % t->size;
	size_t end = tail >= t->head && t->len < t->size ? t->size : t->head;
	*n = t->count < t->segments_max ? end - tail : 0;
	return t->bytes + tail;
}

void
rmi_wan_transit_push(struct rmi_wan_transit *t, size_t n, int64_t due_ns)
{
	assert(n > 0 && n <= t->size - t->len && t->count < t->segments_max);
	if (due_ns > t->last_due_ns) {
		t->last_due_ns = due_ns;
	}
	t->segments[(t->first + t->count++) % t->segments_max] = (struct rmi_wan_segment){t->last_due_ns, n};
	t->len += n;
}

const unsigned char *
rmi_wan_transit_arrived(const struct rmi_wan_transit *t, int64_t now_ns, size_t *n)
{
	size_t arrived = 0;
	for (size_t i = 0; i < t->count && t->head + arrived < t->size; i++) {
		const struct rmi_wan_segment *s = &t->segments[(t->first + i) % t->segments_max];
		if (s->due_ns > now_ns) {
			break;
		}
		arrived += s->len;
	}
	*n = arrived < t->size - t->head ? arrived : t->size - t->head;
	return t->bytes + t->head;
}

void
rmi_wan_transit_take(struct rmi_wan_transit *t, size_t n)
{
	assert(n <= t->len);
	t->head = (t->head + n) % t->size;
	t->len -= n;
	while (n > 0) {
		struct rmi_wan_segment *s = &t->segments[t->first];
		size_t part = n < s->len ? n : s->len;
		s->len -= part;
		n -= part;
		if (s->len == 0) {
			t->first = (t->first + 1) % t->segments_max;
			t->count--;
		}
	}
}

int64_t
rmi_wan_transit_next_ns(const struct rmi_wan_transit *t)
{
	return t->count > 0 ? t->segments[t->first].due_ns : INT64_MAX;
}
