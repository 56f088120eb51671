#include "wasm/iso_session.h"

#include <stdlib.h>
#include <string.h>
#include <rme/runtime.h>
#include <rme/verdict.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "core/node.h"
#include "core/guest_log.h"
#include "wasm/iso_futex.h"

enum { SPINS_BETWEEN_CLOCKS = 32, SPIN_CREDIT_MAX = 16, SPIN_TRY_EVERY = 32, MESSAGES_PER_RUN = 256 };

/* Waiting this long without sleep is about what two wake-ups cost. */
#define SPIN_NS (50 * RMI_NS_PER_US)

/* A thread that blocks looks after a service call this often: services tell nodes, not threads. */
#define CALL_LOOK_NS (2 * RMI_NS_PER_MS)

static const struct rme_packet_meta *
item_of(const struct rmi_iso_session *s)
{
	return s->current != NULL ? rme_packet_meta(s->current) : NULL;
}

/* When the guest must have been heard of. */
static void
expect_news(struct rmi_iso_session *s)
{
	const struct rme_packet_meta *item = item_of(s);
	int64_t limit = rmi_iso_module_limits(s->module)->timeout_ns;
	s->hang_ns = rmi_monotonic_ns() + RMI_ISO_CALLS_PER_STEP * limit + RMI_ISO_GRACE_NS;
	if (item != NULL && item->deadline_ns != 0 && item->deadline_ns + RMI_ISO_GRACE_NS < s->hang_ns) {
		s->hang_ns = item->deadline_ns + RMI_ISO_GRACE_NS;
	}
}

void
rmi_iso_session_order(struct rmi_iso_session *s, const struct rmi_iso_order *order, const uint8_t *body)
{
	s->out.head = *order;
	s->out.body = body;
	s->out.sent = 0;
	if (order->kind != RMI_ISO_ANSWER) {
		s->in.number = ++s->seat.number;
		s->in.item = item_of(s);
		s->outputs = s->service_calls = s->asset_calls = 0;
		s->files_why = (struct rme_error){.code = RME_OK};
		s->discard = false;
	}
	s->spurious = 0;
	s->out.head.number = s->seat.number;
	expect_news(s);
}

/* ---- what goes wrong ---- */

static void
fail_current(struct rmi_iso_session *s, const struct rme_error *err)
{
	const struct rme_packet *first = rmi_iso_pending_first(s);
	const struct rme_packet_meta *m = item_of(s);
	if (m == NULL && first != NULL && rme_packet_meta(first)->kind == RME_PACKET_DATA) {
		m = rme_packet_meta(first); /* it is why a session is opened */
	}
	struct rme_error named = *err;
	named.where[0] = '\0';
	if (m != NULL) {
		rme_node_item_fail(s->self, m->seq, &named);
	} else {
		s->why = named;
	}
}

/* An order is over, whatever came of it. */
static void
finish_order(struct rmi_iso_session *s)
{
	struct rme_packet *pkt = s->current;
	s->current = NULL;
	s->in.item = NULL;
	s->phase = RMI_ISO_AT_REST;
	if (pkt != NULL && rme_packet_meta(pkt)->kind == RME_PACKET_FLUSH && !s->ending) {
		(void)!rme_node_emit(s->self, pkt);
	} else {
		rme_packet_unref(pkt);
	}
}

static void
drop_answer(struct rmi_iso_session *s)
{
	rme_packet_unref(s->answer);
	free(s->files);
	s->answer = NULL;
	s->files = NULL;
}

static void
leave_seat(struct rmi_iso_session *s, bool usable)
{
	s->seat.orders = s->out.end;
	s->seat.replies = s->in.end;
	rmi_iso_seat_leave(&s->seat, usable);
	rmi_iso_receiver_done(&s->in);
	drop_answer(s);
	s->opened = s->reset_wanted = false;
	s->spurious = 0;
}

/* The guest is gone, or will be. */
static void
lose_guest(struct rmi_iso_session *s, const struct rme_error *death)
{
	struct rme_error err;
	bool started = s->phase != RMI_ISO_AWAITING;
	rmi_iso_call_cancel(s);
	(void)rme_error_set(&err, death->code, NULL, "module %s: its process %s: %s%s", rmi_iso_module_name(s->module),
	    started ? "ended" : "did not start", death->text, started ? "; the next item gets a new one" : "");
	if (!s->ending) {
		fail_current(s, &err);
	}
	leave_seat(s, false);
	finish_order(s);
}

void
rmi_iso_session_accuse(struct rmi_iso_session *s, enum rme_err code, const char *what)
{
	struct rme_error death;
	rmi_iso_seat_kill(&s->seat, code, what);
	(void)rme_error_set(&death, code, NULL, "%s", what);
	lose_guest(s, &death);
}

static bool
see_death(struct rmi_iso_session *s)
{
	struct rme_error death;
	if (rmi_iso_seat_state(&s->seat) != RMI_ISO_P_DEAD) {
		return false;
	}
	rmi_iso_seat_death(&s->seat, &death);
	bool again = s->opened;
	lose_guest(s, &death);
	if (again && !s->ending) {
		rmi_iso_session_start(s); /* so that the next item finds one */
	}
	return true;
}

/* ---- replies ---- */

static void
take_result(struct rmi_iso_session *s)
{
	struct rme_packet *pkt = s->in.result;
	s->in.result = NULL;
	if (++s->outputs > RMI_WASM_OUTPUTS_PER_ITEM) {
		rme_packet_unref(pkt);
		rmi_iso_session_accuse(s, RME_ELIMIT, "it gave more results of one item than there may be");
		return;
	}
	expect_news(s);
	if (s->discard || s->ending) {
		rme_packet_unref(pkt);
	} else {
		(void)!rme_node_emit(s->self, pkt);
	}
}

static void
take_log(struct rmi_iso_session *s)
{
	int64_t now = rmi_monotonic_ns();
	if (now - s->log_second_ns > RMI_NS_PER_S) {
		s->log_second_ns = now;
		s->log_lines = 0;
	}
	if (++s->log_lines > RMI_ISO_LOG_LINES_PER_SECOND) {
		return;
	}
	char text[RMI_GUEST_LOG_LINE_BYTES_MAX];
	rmi_guest_text_copy(text, sizeof(text), (const char *)s->in.body, s->in.head.len);
	rme_log(rme_node_runtime(s->self), (enum rme_log_level)s->in.head.code, "wasm", "%s", text);
}

static void
take_done(struct rmi_iso_session *s)
{
	enum rme_err code = (enum rme_err)s->in.head.code;
	if (code != RME_OK) {
		struct rme_error err = {.code = code};
		rmi_guest_text_copy(err.text, sizeof(err.text), (const char *)s->in.body, s->in.head.len);
		err = s->files_why.code != RME_OK ? s->files_why : err; /* which the guest is not told */
		if (!s->discard && !s->ending) {
			fail_current(s, &err);
		}
	} else if (s->phase == RMI_ISO_WORKING) {
		rmi_iso_seat_worked(&s->seat);
	}
	bool opening = s->phase == RMI_ISO_OPENING, closing = s->phase == RMI_ISO_CLOSING;
	finish_order(s);
	if (opening && code == RME_OK) {
		s->opened = true;
	} else if (opening || closing) {
		leave_seat(s, true);
	}
}

static bool
all_sent(const struct rmi_iso_session *s)
{
	return s->out.sent == sizeof(s->out.head) + s->out.head.len;
}

/* Whoever asks has read what was answered before. */
static void
take_question(struct rmi_iso_session *s, void (*answer)(struct rmi_iso_session *s))
{
	if (all_sent(s)) {
		answer(s);
	} else {
		rmi_iso_session_accuse(s, RME_EMODULE, "it asked while it was being answered");
	}
}

static bool
take_message(struct rmi_iso_session *s)
{
	switch ((enum rmi_iso_reply_kind)s->in.head.kind) {
	case RMI_ISO_RESULT:
		take_result(s);
		break;
	case RMI_ISO_LOG:
		take_log(s);
		break;
	case RMI_ISO_CALL:
		take_question(s, rmi_iso_call_begin);
		break;
	case RMI_ISO_ASSETS:
		take_question(s, rmi_iso_assets_give);
		break;
	case RMI_ISO_DONE:
	default: /* other kinds were refused */
		take_done(s);
		break;
	}
	return true;
}

static bool
listen(struct rmi_iso_session *s)
{
	const char *what = NULL;
	uint32_t before = s->in.end.at;
	enum rmi_iso_got got = rmi_iso_receive(&s->in, &what);
	if (s->in.end.at != before) {
		rmi_iso_seat_heard(&s->seat);
		s->spurious = 0;
	}
	switch (got) {
	case RMI_ISO_MESSAGE:
		return take_message(s);
	case RMI_ISO_VIOLATION:
		rmi_iso_session_accuse(s, RME_EMODULE, what);
		return true;
	case RMI_ISO_NO_MEMORY:
		rmi_iso_session_accuse(s, RME_ENOMEM, "there is no memory for what it sends");
		return true;
	case RMI_ISO_NOTHING:
	default:
		return s->in.end.at != before;
	}
}

static bool
speak(struct rmi_iso_session *s)
{
	size_t before = s->out.sent;
	if (all_sent(s)) {
		return false;
	}
	if (rmi_iso_send(&s->out)) {
		drop_answer(s);
	}
	if (s->out.end.violated) {
		rmi_iso_session_accuse(s, RME_EMODULE, "it moved its place in the ring where it cannot be");
		return true;
	}
	if (s->out.sent != before) {
		rmi_iso_seat_tell(&s->seat);
	}
	return s->out.sent != before;
}

static bool
converse(struct rmi_iso_session *s)
{
	if (speak(s)) {
		return true;
	}
	if (s->calling) {
		return rmi_iso_call_poll(s);
	}
	if (listen(s) || see_death(s)) {
		return true;
	}
	if (rmi_monotonic_ns() >= s->hang_ns) {
		rmi_iso_session_accuse(s, RME_ETIMEDOUT, "it did not answer in time and was killed");
		return true;
	}
	return false;
}

/* ---- orders ---- */

void
rmi_iso_session_start(struct rmi_iso_session *s)
{
	struct rme_error err;
	if (rmi_iso_seat_take(&s->seat, s->module, s->self, &err) != RME_OK) {
		fail_current(s, &err);
		return;
	}
	s->out.end = s->in.end = (struct rmi_ring_end){.ring = NULL};
	s->phase = RMI_ISO_AWAITING;
}

static bool
look_at_process(struct rmi_iso_session *s)
{
	if (see_death(s)) {
		return true;
	}
	if (rmi_iso_seat_state(&s->seat) != RMI_ISO_P_READY) {
		return false;
	}
	rmi_iso_seat_open(&s->seat);
	s->out.end = s->seat.orders;
	s->in.end = s->seat.replies;
	s->phase = RMI_ISO_OPENING;
	rmi_iso_session_order(s,
	    &(struct rmi_iso_order){
	        .kind = RMI_ISO_OPEN, .len = s->texts_len, .hybrid = s->kind->hybrid, .assets = s->assets != NULL},
	    (const uint8_t *)s->texts);
	return true;
}

static bool
order_reset(struct rmi_iso_session *s)
{
	s->reset_wanted = false;
	s->phase = RMI_ISO_RESETTING;
	rmi_iso_session_order(s, &(struct rmi_iso_order){.kind = RMI_ISO_RESET}, NULL);
	return true;
}

static bool
order_work(struct rmi_iso_session *s, enum rmi_iso_order_kind kind, enum rmi_iso_phase phase)
{
	size_t len;
	s->current = rmi_iso_pending_pop(s);
	const uint8_t *data = rme_packet_data(s->current, &len);
	struct rmi_iso_order order = {.kind = kind, .len = (uint32_t)len, .meta = *rme_packet_meta(s->current)};
	s->phase = phase;
	rmi_iso_session_order(s, &order, data);
	struct rme_stage_report *r = rme_node_report(s->self, order.meta.seq);
	if (r != NULL) {
		r->side = RME_SIDE_EDGE;
	}
	return true;
}

static bool
take_data(struct rmi_iso_session *s, const struct rme_packet_meta *m)
{
	if (rme_node_item_failed(s->self, m->seq) != RME_OK) {
		rme_packet_unref(rmi_iso_pending_pop(s));
	} else if (!s->opened) {
		rmi_iso_session_start(s);
	} else if (s->reset_wanted) {
		return order_reset(s);
	} else {
		return order_work(s, RMI_ISO_DATA, RMI_ISO_WORKING);
	}
	return true;
}

static bool
take_pending(struct rmi_iso_session *s)
{
	const struct rme_packet *pkt = rmi_iso_pending_first(s);
	if (s->opened && rmi_iso_seat_state(&s->seat) == RMI_ISO_P_DEAD) {
		leave_seat(s, false); /* it died in idleness: no item is lost */
		rmi_iso_session_start(s);
		return true;
	}
	if (pkt == NULL) {
		return false;
	}
	const struct rme_packet_meta *m = rme_packet_meta(pkt);
	if (m->kind == RME_PACKET_DATA) {
		return take_data(s, m);
	}
	if (m->kind == RME_PACKET_FLUSH && s->opened) {
		return s->reset_wanted ? order_reset(s) : order_work(s, RMI_ISO_FLUSH, RMI_ISO_FLUSHING);
	}
	(void)!rme_node_emit(s->self, rmi_iso_pending_pop(s));
	return true;
}

/* Items that wait for a process may run out of time. */
static bool
drop_late(struct rmi_iso_session *s)
{
	const struct rme_packet *pkt = rmi_iso_pending_first(s);
	const struct rme_packet_meta *m = pkt != NULL ? rme_packet_meta(pkt) : NULL;
	if (m == NULL || m->kind == RME_PACKET_FLUSH) {
		return false;
	}
	if (m->kind == RME_PACKET_ITEM_END) {
		(void)!rme_node_emit(s->self, rmi_iso_pending_pop(s)); /* its data failed already */
		return true;
	}
	bool failed = rme_node_item_failed(s->self, m->seq) != RME_OK;
	if (!failed && (m->deadline_ns == 0 || m->deadline_ns > rmi_monotonic_ns())) {
		return false;
	}
	if (!failed) {
		struct rme_error err;
		(void)rme_error_set(&err, RME_ETIMEDOUT, NULL,
		    "module %s: the deadline passed before its process was ready", rmi_iso_module_name(s->module));
		err.where[0] = '\0';
		rme_node_item_fail(s->self, m->seq, &err);
	}
	rme_packet_unref(rmi_iso_pending_pop(s));
	return true;
}

static bool
progress(struct rmi_iso_session *s)
{
	switch (s->phase) {
	case RMI_ISO_AT_REST:
		return take_pending(s);
	case RMI_ISO_AWAITING:
		return drop_late(s) || look_at_process(s);
	case RMI_ISO_OPENING:
	case RMI_ISO_WORKING:
	case RMI_ISO_FLUSHING:
	case RMI_ISO_RESETTING:
	case RMI_ISO_CLOSING:
	default:
		return converse(s);
	}
}

/* ---- waiting ---- */

/* A short wait without sleep, as long as it pays: an item of some microseconds is back before a thread could be woken. */
static bool
spin(struct rmi_iso_session *s)
{
	if (s->calling || (s->spin_credit == 0 && ++s->since_spin < SPIN_TRY_EVERY)) {
		return false;
	}
	s->since_spin = 0;
	int64_t until = rmi_monotonic_ns() + SPIN_NS;
	do {
		for (int i = 0; i < SPINS_BETWEEN_CLOCKS; i++) {
			if (rmi_ring_readable(&s->in.end) > 0 || (!all_sent(s) && rmi_ring_writable(&s->out.end) > 0)) {
				s->spin_credit += s->spin_credit < SPIN_CREDIT_MAX;
				return true;
			}
			rmi_iso_pause();
		}
	} while (rmi_monotonic_ns() < until);
	s->spin_credit /= 2;
	return false;
}

static bool
conversing(const struct rmi_iso_session *s)
{
	return s->phase != RMI_ISO_AT_REST && s->phase != RMI_ISO_AWAITING;
}

/* When to look again, though nobody wakes us. */
static int64_t
next_look(const struct rmi_iso_session *s)
{
	const struct rme_packet *first = rmi_iso_pending_first(s);
	if (s->phase == RMI_ISO_AWAITING) {
		return first != NULL ? rme_packet_meta(first)->deadline_ns : 0;
	}
	if (s->calling) {
		return s->call_again_ns;
	}
	return conversing(s) ? s->hang_ns : 0;
}

void
rmi_iso_session_drive(struct rmi_iso_session *s)
{
	int steps = 0;
	for (;;) {
		while (progress(s)) {
			if (++steps > MESSAGES_PER_RUN) {
				rme_node_wake(s->self); /* others want to run, too */
				return;
			}
		}
		if (!conversing(s) || s->calling) {
			break;
		}
		if (!spin(s) && rmi_iso_seat_sleep(&s->seat, &s->in.end, all_sent(s) ? NULL : &s->out.end)) {
			break;
		}
	}
	rme_node_wake_at(s->self, next_look(s));
}

/* For a thread that blocks: until when, at the latest. */
static int64_t
blocking_look(const struct rmi_iso_session *s, int64_t now, int64_t until_ns)
{
	int64_t look = s->calling ? now + CALL_LOOK_NS : conversing(s) ? s->hang_ns : until_ns;
	return look < until_ns ? look : until_ns;
}

bool
rmi_iso_session_settle(struct rmi_iso_session *s, int64_t until_ns)
{
	for (;;) {
		while (progress(s)) {
		}
		int64_t now = rmi_monotonic_ns();
		if (s->phase == RMI_ISO_AT_REST || now >= until_ns) {
			return s->phase == RMI_ISO_AT_REST;
		}
		bool talk = conversing(s) && !s->calling;
		rmi_iso_seat_wait(&s->seat, talk ? &s->in.end : NULL, talk && !all_sent(s) ? &s->out.end : NULL,
		    blocking_look(s, now, until_ns));
	}
}

static bool
end_politely(struct rmi_iso_session *s)
{
	int64_t limit = rmi_iso_module_limits(s->module)->timeout_ns;
	if (conversing(s)) {
		rmi_iso_seat_cancel(&s->seat);
		if (!rmi_iso_session_settle(s, rmi_monotonic_ns() + RMI_ISO_GRACE_NS)) {
			return false;
		}
	}
	if (!s->opened) {
		return true;
	}
	s->phase = RMI_ISO_CLOSING;
	rmi_iso_session_order(s, &(struct rmi_iso_order){.kind = RMI_ISO_CLOSE}, NULL);
	return rmi_iso_session_settle(s, rmi_monotonic_ns() + limit + RMI_ISO_GRACE_NS);
}

void
rmi_iso_session_end(struct rmi_iso_session *s)
{
	s->ending = true;
	if (s->seat.process != NULL && s->phase != RMI_ISO_AWAITING && !end_politely(s)) {
		rmi_iso_session_accuse(s, RME_ETIMEDOUT, "it did not end a session in time and was killed");
	}
	if (s->seat.process != NULL) {
		leave_seat(s, s->phase == RMI_ISO_AWAITING);
	}
	rme_packet_unref(s->current);
	s->current = NULL;
}
