#include "patient.h"

#include <sched.h>
#include <string.h>
#include "base/clock.h"

static bool
patient_begin(struct rmi_services *self, struct rmi_service_call *call)
{
	struct patient *p = (struct patient *)self;
	struct patient_call *c = p->slot;
	pthread_mutex_lock(&p->mu);
	while (c < p->slot + PATIENT_MAX && c->call != NULL) {
		c++;
	}
	if (c == p->slot + PATIENT_MAX) {
		pthread_mutex_unlock(&p->mu);
		(void)rme_error_set(&call->error, RME_ELIMIT, NULL, "too many for a test");
		rme_packet_unref(call->in);
		return true;
	}
	*c = (struct patient_call){.call = call, .in = call->in};
	call->in = NULL;
	call->job = c;
	p->waiting++;
	p->begun++;
	pthread_mutex_unlock(&p->mu);
	return false;
}

/* With the lock. */
static void
end_call(struct patient *p, struct patient_call *c)
{
	p->waiting -= c->answered ? 0 : 1;
	c->call->job = NULL;
	c->call = NULL;
	rme_packet_unref(c->in);
}

static bool
patient_poll(struct rmi_services *self, struct rmi_service_call *call, int64_t *again_ns)
{
	struct patient *p = (struct patient *)self;
	struct patient_call *c = call->job;
	pthread_mutex_lock(&p->mu);
	int64_t deadline = rme_packet_meta(c->in)->deadline_ns;
	bool late = deadline != 0 && rmi_monotonic_ns() >= deadline;
	bool over = c->answered || late;
	if (c->answered) {
		call->error = (struct rme_error){0};
		call->answer = rme_packet_ref(c->in);
	} else if (late) {
		(void)rme_error_set(&call->error, RME_ETIMEDOUT, NULL, "late");
	}
	if (over) {
		end_call(p, c);
	}
	pthread_mutex_unlock(&p->mu);
	*again_ns = deadline != 0 ? deadline : INT64_MAX;
	return over;
}

static void
patient_cancel(struct rmi_services *self, struct rmi_service_call *call)
{
	struct patient *p = (struct patient *)self;
	pthread_mutex_lock(&p->mu);
	p->canceled++;
	(void)rme_error_set(&call->error, RME_ECANCELED, NULL, "canceled");
	end_call(p, call->job);
	pthread_mutex_unlock(&p->mu);
}

static void
patient_end_session(struct rmi_services *self, const char *session_id)
{
	(void)self;
	(void)session_id;
}

static const struct rmi_services_ops ops = {
    .begin = patient_begin, .poll = patient_poll, .cancel = patient_cancel, .end_session = patient_end_session};

void
patient_init(struct patient *p)
{
	memset(p, 0, sizeof(*p));
	p->services.ops = &ops;
	pthread_mutex_init(&p->mu, NULL);
}

size_t
patient_waiting(struct patient *p)
{
	pthread_mutex_lock(&p->mu);
	size_t n = p->waiting;
	pthread_mutex_unlock(&p->mu);
	return n;
}

void
patient_expect(struct patient *p, size_t n)
{
	while (patient_waiting(p) != n) {
		(void)sched_yield();
	}
}

size_t
patient_answer(struct patient *p, size_t first, size_t n)
{
	size_t done = 0;
	pthread_mutex_lock(&p->mu);
	for (size_t i = 0; i < PATIENT_MAX && done < n; i++) {
		struct patient_call *c = &p->slot[(first + i) % PATIENT_MAX];
		if (c->call != NULL && !c->answered) {
			c->answered = true;
			p->waiting--;
			done++;
			if (c->call->news != NULL) {
				c->call->news(c->call->ctx);
			}
		}
	}
	pthread_mutex_unlock(&p->mu);
	return done;
}
