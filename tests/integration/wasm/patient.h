#ifndef TEST_WASM_PATIENT_H
#define TEST_WASM_PATIENT_H

/** @file A service that answers when it is told: every call is under way until then. Echoes what was sent. */

#include <pthread.h>
#include <stdbool.h>
#include "core/service.h"

enum { PATIENT_MAX = 4096 };

struct patient_call {
	struct rmi_service_call *call; /* NULL = free */
	struct rme_packet *in;
	bool answered;
};

struct patient {
	struct rmi_services services;
	pthread_mutex_t mu;
	struct patient_call slot[PATIENT_MAX];
	size_t waiting; /* calls not answered */
	size_t begun, canceled;
};

void patient_init(struct patient *p);
/** Wait until this many calls are under way. */
void patient_expect(struct patient *p, size_t n);
/** Answer up to @p n calls, from slot @p first on. @return how many there were */
size_t patient_answer(struct patient *p, size_t first, size_t n);
size_t patient_waiting(struct patient *p);

#endif
