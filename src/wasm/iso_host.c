#include "wasm/iso_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "wasm/engine_state.h"
#include "core/guest_log.h"
#include "wasm/iso_futex.h"
#include "wasm/iso_state.h"
#include "wasm/module_source.h"
#include "wasm/optimizer.h"
#include "wasm/self_module.h"

enum rme_err
rmi_iso_host_new(struct rmi_iso_host **out, struct rmi_wasm_engine *e, struct rme_error *err)
{
	struct rmi_iso_host *h = calloc(1, sizeof(*h));
	if (h == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	h->engine = e;
	h->pin_fd = h->epoll_fd = h->command_fd = -1;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	*out = h;
	return RME_OK;
}

static void
module_free(struct rmi_iso_module *m)
{
	if (m->wasm_fd >= 0) {
		close(m->wasm_fd);
	}
	if (m->code_fd >= 0) {
		close(m->code_fd);
	}
	free(m);
}

void
rmi_iso_host_free(struct rmi_iso_host *h)
{
	if (h == NULL) {
		return;
	}
	rmi_iso_keeper_stop(h);
	while (h->modules != NULL) {
		struct rmi_iso_module *m = h->modules;
		h->modules = m->next;
		module_free(m);
	}
	if (h->pin_fd >= 0) {
		close(h->pin_fd);
	}
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* ---- modules ---- */

static const char *
function_of(const struct rmi_wasm_module_spec *spec)
{
	return spec->function_name != NULL ? spec->function_name : "process";
}

static struct rmi_iso_module *
find_module(const struct rmi_iso_host *h, const struct rmi_module_source *s)
{
	struct rmi_iso_module *m = h->modules;
	while (m != NULL && (memcmp(m->sha256, s->sha256, RMI_SHA256_BYTES) != 0 || strcmp(m->name, s->name) != 0 ||
	                        strcmp(m->function, function_of(s->spec)) != 0 ||
	                        memcmp(&m->limits, &s->limits, sizeof(m->limits)) != 0)) {
		m = m->next;
	}
	return m;
}

/* Machine code, and a sealed copy of it for processes. */
static enum rme_err
obtain(struct rmi_wasm_engine *e, const struct rmi_code_want *want, struct rmi_aot_code *code, int *fd,
    struct rme_error *err)
{
	enum rme_err r = rmi_code_obtain(code, e, want, err);
	if (r != RME_OK) {
		return r;
	}
	*fd = rmi_sealed_memfd("rme-code", code->object, code->len);
	rmi_aot_code_done(&(struct rmi_aot_code){.object = code->object});
	code->object = NULL;
	return *fd >= 0 ? RME_OK : rme_error_set(err, RME_EIO, NULL, "no memory file: %s", strerror(errno));
}

/* The pin's code, once. */
static enum rme_err
need_pin(struct rmi_iso_host *h, struct rme_error *err)
{
	struct rmi_aot_code code = {0};
	pthread_mutex_lock(&h->lock);
	bool have = h->pin_fd >= 0;
	pthread_mutex_unlock(&h->lock);
	int fd = -1;
	const struct rmi_code_want want = {.wasm = rmi_self_module_wasm()};
	enum rme_err e = have ? RME_OK : obtain(h->engine, &want, &code, &fd, err);
	pthread_mutex_lock(&h->lock);
	if (e == RME_OK && fd >= 0 && h->pin_fd < 0) {
		h->pin_fd = fd;
		fd = -1;
	}
	pthread_mutex_unlock(&h->lock);
	if (fd >= 0) {
		close(fd);
	}
	return e;
}

static struct rmi_code_want
want_of(struct rmi_wasm_engine *e, const struct rmi_module_source *s)
{
	return (struct rmi_code_want){.wasm = {s->admitted.wasm, s->admitted.len},
	    .code_bytes = s->admitted.summary.code_bytes,
	    .interruptible = atomic_load(&e->process)->guard == RMI_GUARD_INTERRUPTIBLE,
	    .soon = e->cache != NULL && !e->optimize_first}; /* the cache is where better code is found later */
}

static enum rme_err
fill_module(struct rmi_iso_module *m, const struct rmi_module_source *s, struct rme_error *err)
{
	struct rmi_wasm_engine *e = m->host->engine;
	const struct rmi_code_want want = want_of(e, s);
	struct rmi_aot_code code = {0};
	(void)snprintf(m->name, sizeof(m->name), "%s", s->name);
	(void)snprintf(m->function, sizeof(m->function), "%s", function_of(s->spec));
	m->limits = s->limits;
	memcpy(m->sha256, s->sha256, sizeof(m->sha256));
	enum rme_err r = obtain(e, &want, &code, &m->code_fd, err);
	if (r != RME_OK) {
		return r;
	}
	m->optimize_level = code.level;
	m->interruptible = code.interruptible;
	m->preliminary = code.preliminary;
	m->wasm_fd = rmi_sealed_memfd("rme-wasm", s->bytes.data, s->bytes.len);
	return m->wasm_fd >= 0 ? RME_OK : rme_error_set(err, RME_EIO, NULL, "no memory file: %s", strerror(errno));
}

static unsigned
modules_in_use(const struct rmi_iso_host *h)
{
	unsigned n = 0;
	for (const struct rmi_iso_module *m = h->modules; m != NULL; m = m->next) {
		n += m->users > 0;
	}
	return n;
}

static void
end_idle_processes(struct rmi_iso_module *m)
{
	for (struct rmi_iso_process *p = m->processes; p != NULL; p = p->next) {
		if (atomic_load(&p->state) == RMI_ISO_P_READY && p->n_taken == 0 && !p->retired) {
			p->retired = true;
			rmi_iso_process_kill(p);
		}
	}
}

/* Modules that nobody uses make room for a new one: at once where their processes have ended, else soon. The lock is held. */
static void
drop_unused(struct rmi_iso_host *h)
{
	for (struct rmi_iso_module **at = &h->modules; *at != NULL && h->n_modules >= RMI_ISO_MODULES;) {
		struct rmi_iso_module *m = *at;
		if (m->users == 0 && m->processes == NULL) {
			*at = m->next;
			h->n_modules--;
			module_free(m);
			continue;
		}
		if (m->users == 0) {
			end_idle_processes(m);
		}
		at = &m->next;
	}
}

/* The lock is held. */
static enum rme_err
put_in_list(struct rmi_iso_host *h, struct rmi_iso_module *m, struct rme_error *err)
{
	drop_unused(h);
	if (modules_in_use(h) >= RMI_ISO_MODULES) {
		return rme_error_set(
		    err, RME_ELIMIT, m->name, "%d isolated modules are in use, the most there can be", RMI_ISO_MODULES);
	}
	enum rme_err e = h->running ? RME_OK : rmi_iso_keeper_start(h, err);
	if (e == RME_OK) {
		m->next = h->modules;
		h->modules = m;
		h->n_modules++;
	}
	return e;
}

/* Puts it in the list, unless somebody was faster. */
static enum rme_err
add_module(struct rmi_iso_module **out, struct rmi_iso_host *h, struct rmi_iso_module *m,
    const struct rmi_module_source *s, struct rme_error *err)
{
	enum rme_err e = RME_OK;
	pthread_mutex_lock(&h->lock);
	struct rmi_iso_module *there = find_module(h, s);
	if (there != NULL && there->preliminary && !m->preliminary) {
		there = NULL; /* found first from now on; the other's processes end with their sessions */
	}
	if (there == NULL) {
		e = put_in_list(h, m, err);
		there = e == RME_OK ? m : NULL;
	}
	if (there != NULL) {
		there->users++;
	}
	pthread_mutex_unlock(&h->lock);
	if (there != m) {
		module_free(m);
	} else if (m->preliminary) {
		const struct rmi_code_want want = want_of(h->engine, s);
		rmi_optimizer_ask_for_cache(h->engine, &want);
	}
	*out = there;
	return e;
}

static bool
has_better_code(const struct rmi_iso_module *m, const struct rmi_module_source *s)
{
	if (!m->preliminary) {
		return false;
	}
	const struct rmi_code_want want = want_of(m->host->engine, s);
	return rmi_code_best_is_cached(m->host->engine, &want);
}

static enum rme_err
open_source(
    struct rmi_iso_module **out, struct rmi_iso_host *h, const struct rmi_module_source *s, struct rme_error *err)
{
	pthread_mutex_lock(&h->lock);
	*out = find_module(h, s);
	if (*out != NULL) {
		(*out)->users++;
	}
	pthread_mutex_unlock(&h->lock);
	if (*out != NULL && !has_better_code(*out, s)) {
		return RME_OK;
	}
	if (*out != NULL) {
		rmi_iso_module_close(*out);
		*out = NULL;
	}
	if (h->engine->interpret) {
		return rme_error_set(err, RME_EUNSUPPORTED, s->name, "the interpreter runs no isolated modules");
	}
	struct rmi_iso_module *m = calloc(1, sizeof(*m));
	if (m == NULL) {
		return rme_error_set(err, RME_ENOMEM, s->name, "out of memory");
	}
	m->host = h;
	m->wasm_fd = m->code_fd = -1;
	struct rme_error why = {0};
	enum rme_err e = rmi_wasm_engine_start(h->engine, &why);
	e = e != RME_OK ? e : need_pin(h, &why);
	e = e != RME_OK ? e : fill_module(m, s, &why);
	if (e != RME_OK) {
		module_free(m);
		return rme_error_set(err, e, s->name, "%s", why.text);
	}
	return add_module(out, h, m, s, err);
}

enum rme_err
rmi_iso_module_open(
    struct rmi_iso_module **out, struct rmi_iso_host *h, const struct rmi_wasm_module_spec *spec, struct rme_error *err)
{
	struct rmi_module_source s = {.e = h->engine};
	enum rme_err e = rmi_module_source_read(&s, spec, err);
	e = e != RME_OK ? e : open_source(out, h, &s, err);
	rmi_module_source_done(&s);
	return e;
}

void
rmi_iso_module_close(struct rmi_iso_module *m)
{
	struct rmi_iso_host *h = m->host;
	pthread_mutex_lock(&h->lock);
	m->users--;
	pthread_mutex_unlock(&h->lock);
}

const char *
rmi_iso_module_name(const struct rmi_iso_module *m)
{
	return m->name;
}

const struct rme_module_limits *
rmi_iso_module_limits(const struct rmi_iso_module *m)
{
	return &m->limits;
}

/* ---- seats ---- */

static struct rmi_iso_place *
place_of(const struct rmi_iso_seat *seat)
{
	return &seat->process->place[seat->slot];
}

/* A free place in a process that lives. The lock is held. */
static bool
find_place(const struct rmi_iso_module *m, struct rmi_iso_process **process, unsigned *slot)
{
	for (struct rmi_iso_process *p = m->processes; p != NULL; p = p->next) {
		bool open = atomic_load(&p->state) != RMI_ISO_P_DEAD && p->death.code == RME_OK && !p->retired;
		for (unsigned i = 0; open && i < RMI_ISO_SESSIONS; i++) {
			if (p->place[i].state == RMI_ISO_FREE) {
				*process = p;
				*slot = i;
				return true;
			}
		}
	}
	return false;
}

static enum rme_err
want_process(struct rmi_iso_module *m, struct rme_error *err)
{
	struct rmi_iso_process *p;
	if (m->n_processes == RMI_ISO_PROCESSES) {
		return rme_error_set(err, RME_ELIMIT, m->name, "module %s: %d sessions are open, the most there can be",
		    m->name, RMI_ISO_PROCESSES * RMI_ISO_SESSIONS);
	}
	if (rmi_iso_process_new(&p, m) != RME_OK) {
		return rme_error_set(err, RME_ENOMEM, m->name, "out of memory");
	}
	p->next = m->processes;
	m->processes = p;
	m->n_processes++;
	rmi_iso_keeper_kick(m->host);
	return RME_OK;
}

enum rme_err
rmi_iso_seat_take(struct rmi_iso_seat *seat, struct rmi_iso_module *m, struct rme_node *node, struct rme_error *err)
{
	struct rmi_iso_process *p = NULL;
	unsigned slot = 0;
	enum rme_err e = RME_OK;
	pthread_mutex_lock(&m->host->lock);
	if (!find_place(m, &p, &slot)) {
		e = want_process(m, err);
		e = e == RME_OK && !find_place(m, &p, &slot) ? RME_ENOMEM : e;
	}
	if (e == RME_OK) {
		struct rmi_iso_place *place = &p->place[slot];
		place->state = RMI_ISO_TAKEN;
		place->node = node;
		place->blocking = false;
		atomic_store(&place->asleep, false);
		p->n_taken++;
		*seat = (struct rmi_iso_seat){.process = p, .slot = slot, .number = place->number};
	}
	pthread_mutex_unlock(&m->host->lock);
	return e;
}

void
rmi_iso_seat_leave(struct rmi_iso_seat *seat, bool usable)
{
	struct rmi_iso_process *p = seat->process;
	if (p == NULL) {
		return;
	}
	struct rmi_iso_host *h = p->module->host;
	struct rmi_iso_place *place = place_of(seat);
	pthread_mutex_lock(&h->lock);
	place->state = usable ? RMI_ISO_FREE : RMI_ISO_LOST;
	place->node = NULL;
	if (seat->orders.ring != NULL) { /* it was used */
		place->orders = seat->orders;
		place->replies = seat->replies;
	}
	place->number = seat->number;
	if (p->shared != NULL) {
		(void)atomic_fetch_and(&p->shared->control.canceled, ~(UINT32_C(1) << seat->slot));
	}
	p->n_taken--;
	p->idle_ns = rmi_monotonic_ns();
	if (p->n_taken == 0 && !usable && atomic_load(&p->state) != RMI_ISO_P_DEAD) {
		p->retired = true; /* the last one went, and left it in disorder */
		rmi_iso_process_kill(p);
	}
	if (p->n_taken == 0) {
		rmi_iso_keeper_kick(h);
	}
	pthread_mutex_unlock(&h->lock);
	*seat = (struct rmi_iso_seat){.process = NULL};
}

enum rmi_iso_process_state
rmi_iso_seat_state(const struct rmi_iso_seat *seat)
{
	return (enum rmi_iso_process_state)atomic_load(&seat->process->state);
}

void
rmi_iso_seat_open(struct rmi_iso_seat *seat)
{
	const struct rmi_iso_place *place = place_of(seat);
	seat->orders = place->orders;
	seat->replies = place->replies;
}

void
rmi_iso_seat_death(const struct rmi_iso_seat *seat, struct rme_error *err)
{
	pthread_mutex_lock(&seat->process->module->host->lock);
	*err = seat->process->death;
	pthread_mutex_unlock(&seat->process->module->host->lock);
}

void
rmi_iso_seat_kill(struct rmi_iso_seat *seat, enum rme_err code, const char *why)
{
	struct rmi_iso_process *p = seat->process;
	pthread_mutex_lock(&p->module->host->lock);
	if (p->death.code == RME_OK && atomic_load(&p->state) != RMI_ISO_P_DEAD) {
		(void)rme_error_set(&p->death, code, p->module->name, "%s", why);
	}
	rmi_iso_process_kill(p);
	pthread_mutex_unlock(&p->module->host->lock);
}

void
rmi_iso_seat_cancel(struct rmi_iso_seat *seat)
{
	struct rmi_iso_control *c = &seat->process->shared->control;
	(void)atomic_fetch_or(&c->canceled, UINT32_C(1) << seat->slot);
	(void)atomic_fetch_add(&c->attention, 1);
	rmi_iso_futex_wake(&c->attention);
}

void
rmi_iso_seat_worked(const struct rmi_iso_seat *seat)
{
	_Atomic uint32_t *crashes = &seat->process->module->crashes;
	if (atomic_load_explicit(crashes, memory_order_relaxed) != 0) {
		atomic_store(crashes, 0);
	}
}

void
rmi_iso_seat_tell(struct rmi_iso_seat *seat)
{
	if (rmi_ring_reader_wanted(seat->orders.ring)) {
		rmi_iso_futex_wake(&seat->orders.ring->reader_sleeps);
	}
}

void
rmi_iso_seat_heard(struct rmi_iso_seat *seat)
{
	if (rmi_ring_writer_wanted(seat->replies.ring)) {
		rmi_iso_futex_wake(&seat->replies.ring->writer_sleeps);
	}
}

bool
rmi_iso_seat_sleep(struct rmi_iso_seat *seat, struct rmi_ring_end *reader, struct rmi_ring_end *writer)
{
	struct rmi_iso_place *place = place_of(seat);
	atomic_store(&place->asleep, true);
	bool sleep = rmi_ring_reader_sleeps(reader) && (writer == NULL || rmi_ring_writer_sleeps(writer));
	if (!sleep) {
		atomic_store(&place->asleep, false);
	}
	return sleep;
}

void
rmi_iso_seat_wait(struct rmi_iso_seat *seat, struct rmi_ring_end *reader, struct rmi_ring_end *writer, int64_t until_ns)
{
	struct rmi_iso_process *p = seat->process;
	struct rmi_iso_host *h = p->module->host;
	struct rmi_iso_place *place = place_of(seat);
	const struct timespec t = {.tv_sec = until_ns / RMI_NS_PER_S, .tv_nsec = until_ns % RMI_NS_PER_S};
	pthread_mutex_lock(&h->lock);
	place->blocking = true;
	bool sleep = reader == NULL || rmi_iso_seat_sleep(seat, reader, writer);
	const uint32_t changes = h->changes;
	while (sleep && changes == h->changes && atomic_load(&p->state) != RMI_ISO_P_DEAD &&
	       (reader != NULL || atomic_load(&p->state) != RMI_ISO_P_READY)) {
		if (pthread_cond_clockwait(&h->changed, &h->lock, CLOCK_MONOTONIC, &t) != 0) {
			break;
		}
	}
	atomic_store(&place->asleep, false);
	place->blocking = false;
	pthread_mutex_unlock(&h->lock);
}

void
rmi_iso_host_status(struct rmi_iso_host *h, struct rmi_iso_status *out)
{
	*out = (struct rmi_iso_status){.processes = 0};
	pthread_mutex_lock(&h->lock);
	out->started = h->started;
	out->died = h->died;
	out->last_start_ns = h->last_start_ns;
	for (const struct rmi_iso_module *m = h->modules; m != NULL; m = m->next) {
		for (const struct rmi_iso_process *p = m->processes; p != NULL; p = p->next) {
			out->processes += atomic_load(&p->state) == RMI_ISO_P_READY;
			out->sessions += p->n_taken;
			if (atomic_load(&p->state) == RMI_ISO_P_READY && (p->n_taken > 0 || out->pid == 0)) {
				out->pid = p->pid;
				char raw[RMI_ISO_REPORT_MAX];
				memcpy(raw, p->shared->control.report, sizeof(raw));
				rmi_guest_text_copy(out->report, sizeof(out->report), raw, strnlen(raw, sizeof(raw)));
			}
		}
	}
	pthread_mutex_unlock(&h->lock);
}
