#ifndef RMI_CLI_DOCTOR_H
#define RMI_CLI_DOCTOR_H

/** @file The checks of `rme doctor`: each looks at one thing that a run or a service needs, and says what to do about it. */

#include <rme/err.h>

enum { RMI_FINDING_TEXT_MAX = 256, RMI_FINDING_FACTS_MAX = 4, RMI_FACT_TEXT_MAX = 128 };

enum rmi_finding_state {
	RMI_FINDING_OK,
	RMI_FINDING_WARN, /**< works, but not as well as it could */
	RMI_FINDING_FAIL, /**< something will not work */
};

struct rmi_finding {
	enum rmi_finding_state state;
	char text[RMI_FINDING_TEXT_MAX]; /**< what is the case */
	char todo[RMI_FINDING_TEXT_MAX]; /**< what to do; empty where nothing is to be done */
	/** What programs want to know, each by a name of its own in the JSON. */
	struct {
		const char *name; /**< borrowed */
		char text[RMI_FACT_TEXT_MAX];
	} facts[RMI_FINDING_FACTS_MAX];
	unsigned n_facts;
};

/** What was asked on the command line. Texts are NULL where not given. */
struct rmi_doctor {
	const char *listen; /**< address that a service is to use */
	const char *cert, *key, *ca;
};

/** Fills the finding, which is all-zero (ok, no text). */
typedef void rmi_doctor_check(const struct rmi_doctor *d, struct rmi_finding *f);

/** Set the state and the text of a finding. */
void rmi_finding_set(struct rmi_finding *f, enum rmi_finding_state state, const char *fmt, ...) RME_PRINTF(3, 4);
/** Set what to do. */
void rmi_finding_todo(struct rmi_finding *f, const char *fmt, ...) RME_PRINTF(2, 3);
/** Add a fact; beyond RMI_FINDING_FACTS_MAX they are left out. */
void rmi_finding_fact(struct rmi_finding *f, const char *name, const char *text);

/** @name The checks @{ */
rmi_doctor_check rmi_doctor_cpu;
rmi_doctor_check rmi_doctor_memory;
rmi_doctor_check rmi_doctor_open_files;
rmi_doctor_check rmi_doctor_port;
rmi_doctor_check rmi_doctor_wasm;
rmi_doctor_check rmi_doctor_guard;
rmi_doctor_check rmi_doctor_compiler;
rmi_doctor_check rmi_doctor_cache;
rmi_doctor_check rmi_doctor_isolation;
rmi_doctor_check rmi_doctor_grpc;
rmi_doctor_check rmi_doctor_certificates;
rmi_doctor_check rmi_doctor_recognizer;
rmi_doctor_check rmi_doctor_synthesizer;
/** @} */

#endif
