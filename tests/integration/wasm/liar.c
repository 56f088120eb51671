/*
 * A guest program that lies. Started in place of rme-guest; how it lies is the name of its module. It says that it is ready,
 * opens each session, and does its worst when data comes.
 */
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wasm/iso_futex.h"
#include "wasm/iso_wire.h"

static struct rmi_iso_shared *shared;
static struct rmi_ring_end orders[RMI_ISO_SESSIONS], replies[RMI_ISO_SESSIONS];

static void
ring(unsigned slot)
{
	const uint64_t one = 1;
	(void)atomic_fetch_or(&shared->control.rung, UINT32_C(1) << slot);
	(void)!write(RMI_ISO_FD_BELL, &one, sizeof(one));
}

static void
say(unsigned slot, const struct rmi_iso_reply *head, const void *body, size_t len)
{
	(void)rmi_ring_write(&replies[slot], head, sizeof(*head));
	(void)rmi_ring_write(&replies[slot], body, len);
	(void)rmi_ring_reader_wanted(replies[slot].ring);
	ring(slot);
}

static bool
is(const char *how)
{
	return strcmp(shared->control.setup.module, how) == 0;
}

static void
flood(unsigned slot, uint64_t number)
{
	static const char text[1024] = "noise";
	const struct rmi_iso_reply log = {.kind = RMI_ISO_LOG, .len = sizeof(text), .number = number, .code = 2};
	for (;;) {
		if (is("flood-log") && rmi_ring_writable(&replies[slot]) >= sizeof(log) + sizeof(text)) {
			say(slot, &log, text, sizeof(text));
		} else {
			ring(slot);
		}
	}
}

static void
ask_for_what_is_not_granted(unsigned slot, uint64_t number)
{
	struct rmi_iso_reply r = {.kind = RMI_ISO_CALL, .number = number, .len = 4, .name_len = 4};
	struct rmi_iso_order a;
	say(slot, &r, "evil", 4);
	while (rmi_ring_readable(&orders[slot]) < sizeof(a)) {
		(void)sched_yield();
	}
	(void)rmi_ring_read(&orders[slot], &a, sizeof(a));
	r = (struct rmi_iso_reply){.kind = RMI_ISO_RESULT, .len = 4, .number = number};
	say(slot, &r, a.code == RME_EDENIED ? "deny" : "gave", 4);
	r = (struct rmi_iso_reply){.kind = RMI_ISO_DONE, .number = number};
	say(slot, &r, "", 0);
}

static void
give_too_many(unsigned slot, uint64_t number)
{
	const struct rmi_iso_reply r = {.kind = RMI_ISO_RESULT, .len = 4, .number = number};
	for (int i = 0; i < 2 * RMI_WASM_OUTPUTS_PER_ITEM; i++) {
		while (rmi_ring_writable(&replies[slot]) < sizeof(r) + 4) {
			ring(slot);
			(void)sched_yield();
		}
		say(slot, &r, "abcd", 4);
	}
}

/* Waits for all of it; NULL = it is forgotten. */
static void
hear(unsigned slot, void *to, size_t len)
{
	uint8_t some[4096];
	for (size_t at = 0; at < len;) {
		size_t want = to != NULL || len - at < sizeof(some) ? len - at : sizeof(some);
		size_t n = rmi_ring_read(&orders[slot], to != NULL ? (uint8_t *)to + at : some, want);
		at += n;
		if (n == 0) {
			(void)sched_yield();
		} else if (rmi_ring_writer_wanted(orders[slot].ring)) {
			ring(slot);
		}
	}
}

static void
ask_for_files(unsigned slot, uint64_t number)
{
	const struct rmi_iso_reply r = {.kind = RMI_ISO_ASSETS, .number = number};
	for (int i = 0; i < 20; i++) {
		struct rmi_iso_order a;
		say(slot, &r, "", 0);
		if (is("files-again")) {
			hear(slot, &a, sizeof(a));
			hear(slot, NULL, a.len);
		}
	}
}

static void
lose_its_place(unsigned slot, uint64_t number)
{
	(void)number;
	atomic_store(&shared->slot[slot].replies.head, replies[slot].at + RMI_RING_BYTES + 1);
	ring(slot);
}

static void
say_half(unsigned slot, uint64_t number)
{
	const struct rmi_iso_reply r = {.kind = RMI_ISO_RESULT, .len = 4, .number = number};
	(void)rmi_ring_write(&replies[slot], &r, sizeof(r) / 2);
	ring(slot);
}

static void
leave(unsigned slot, uint64_t number)
{
	(void)slot;
	(void)number;
	_exit(7);
}

static void
crash(unsigned slot, uint64_t number)
{
	(void)slot;
	(void)number;
	(void)raise(SIGSEGV);
}

static void
say_nothing(unsigned slot, uint64_t number)
{
	(void)slot;
	(void)number;
}

static const struct {
	const char *how;
	void (*act)(unsigned slot, uint64_t number);
} acts[] = {
    {"granted", ask_for_what_is_not_granted},
    {"many", give_too_many},
    {"files", ask_for_files},
    {"files-again", ask_for_files},
    {"files-at-once", ask_for_files},
    {"head", lose_its_place},
    {"half", say_half},
    {"exit", leave},
    {"crash", crash},
    {"flood-bell", flood},
    {"flood-log", flood},
    {"silent", say_nothing},
};

/* A head in which one thing is wrong. */
static struct rmi_iso_reply
wrong_head(uint64_t number)
{
	struct rmi_iso_reply r = {.kind = RMI_ISO_RESULT, .len = 4, .number = number, .confidence = 2.0F};
	if (is("kind")) {
		r.kind = 77;
	} else if (is("length")) {
		r.len = UINT32_MAX;
	} else if (is("number")) {
		r.number++;
	} else if (is("format")) {
		r.format_len = 9;
		memcpy(r.format, "audio/oil", 9);
	} else if (is("format-length")) {
		r.format_len = UINT32_MAX;
	} else if (is("code")) {
		r = (struct rmi_iso_reply){.kind = RMI_ISO_DONE, .number = number, .code = -5};
	} else if (is("call")) {
		r = (struct rmi_iso_reply){
		    .kind = RMI_ISO_CALL, .number = number, .code = 1, .len = 4, .name_len = 200};
	}
	return r;
}

static void
lie(unsigned slot, uint64_t number)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (is(acts[i].how)) {
			acts[i].act(slot, number);
			return;
		}
	}
	const struct rmi_iso_reply r = wrong_head(number);
	say(slot, &r, "abcd", 4);
}

static void
obey(unsigned slot)
{
	struct rmi_iso_order o;
	char byte;
	if (rmi_ring_readable(&orders[slot]) < sizeof(o)) {
		return;
	}
	(void)rmi_ring_read(&orders[slot], &o, sizeof(o));
	for (uint32_t i = 0; i < o.len;) {
		i += (uint32_t)rmi_ring_read(&orders[slot], &byte, 1);
	}
	if (o.kind == RMI_ISO_DATA) {
		lie(slot, o.number);
	} else {
		say(slot, &(struct rmi_iso_reply){.kind = RMI_ISO_DONE, .number = o.number}, "", 0);
	}
}

int
main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, RMI_ISO_FD_SHARED, 0);
	if (shared == MAP_FAILED) {
		return 1;
	}
	for (unsigned i = 0; i < RMI_ISO_SESSIONS; i++) {
		orders[i].ring = &shared->slot[i].orders;
		replies[i].ring = &shared->slot[i].replies;
	}
	if (is("refuse")) {
		shared->control.failure = RME_ELIMIT;
		(void)snprintf(shared->control.report, sizeof(shared->control.report), "no\tmood today");
		atomic_store(&shared->control.stage, RMI_ISO_FAILED);
		return 1;
	}
	(void)snprintf(shared->control.report, sizeof(shared->control.report), "nothing at all");
	atomic_store(&shared->control.stage, RMI_ISO_READY);
	ring(0);
	for (;;) {
		for (unsigned i = 0; i < RMI_ISO_SESSIONS; i++) {
			obey(i);
		}
		(void)sched_yield();
	}
}
