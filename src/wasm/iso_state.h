#ifndef RMI_WASM_ISO_STATE_H
#define RMI_WASM_ISO_STATE_H

/** @file The inside of the host of isolated modules, shared by iso_host.c, iso_keeper.c and iso_process.c. */

#include <pthread.h>
#include <sys/types.h>
#include "base/sha256.h"
#include "wasm/iso_host.h"

enum rmi_iso_place_state { RMI_ISO_FREE, RMI_ISO_TAKEN, RMI_ISO_LOST };

/* A slot of a process. */
struct rmi_iso_place {
	enum rmi_iso_place_state state;
	struct rme_node *node;
	_Atomic bool asleep;                 /* waits for the bell: only then is it woken */
	bool blocking;                       /* whoever has it waits for the host's condition */
	struct rmi_ring_end orders, replies; /* where they were left */
	uint64_t number;
};

struct rmi_iso_process {
	struct rmi_iso_process *next;
	struct rmi_iso_module *module;
	struct rmi_iso_shared *shared;
	int bell_fd, pidfd;
	pid_t pid;
	_Atomic uint32_t state; /* enum rmi_iso_process_state; changes under the host's lock */
	unsigned n_taken;
	struct rmi_iso_place place[RMI_ISO_SESSIONS];
	int64_t start_ns, idle_ns; /* when it was started; since when nobody has a place */
	struct rme_error death;    /* code RME_OK = nobody knows yet */
	bool retired;              /* ended by us, without fault */
	unsigned idle_rings;       /* bells without a reason, in the second that began at rings_ns */
	int64_t rings_ns;
};

struct rmi_iso_module {
	struct rmi_iso_module *next;
	struct rmi_iso_host *host;
	unsigned users; /* sessions that opened it and have not closed it */
	char name[RMI_ISO_NAME_MAX], function[RMI_ISO_NAME_MAX];
	struct rme_module_limits limits;
	uint8_t sha256[RMI_SHA256_BYTES];
	int wasm_fd, code_fd; /* sealed */
	int optimize_level;
	bool preliminary; /* better code follows: sessions opened then get a module of their own */
	bool interruptible;
	struct rmi_iso_process *processes;
	unsigned n_processes;
	_Atomic uint32_t crashes; /* in a row, without an item that went through */
	int64_t not_before_ns;    /* of the next start */
};

struct rmi_iso_host {
	struct rmi_wasm_engine *engine;
	pthread_mutex_t lock; /* guards all below, and modules and processes */
	pthread_cond_t changed;
	uint32_t changes; /* counts what the condition tells */
	struct rmi_iso_module *modules;
	unsigned n_modules;
	int pin_fd; /* sealed machine code of the pin, -1 until it is needed */
	int epoll_fd, command_fd;
	pthread_t keeper;
	bool running, stop;
	uint64_t started, died;
	int64_t last_start_ns;
};

/* iso_process.c */

/** Memory, bell and places of a process that is not started yet. */
RME_NODISCARD enum rme_err rmi_iso_process_new(struct rmi_iso_process **out, struct rmi_iso_module *m);
/** Start its program; on failure death says why. Without the lock, by the keeper. */
RME_NODISCARD enum rme_err rmi_iso_process_spawn(struct rmi_iso_process *p);
/** Collects a process that has ended and says in death what happened. */
void rmi_iso_process_reap(struct rmi_iso_process *p);
void rmi_iso_process_kill(struct rmi_iso_process *p);
/** Releases memory and descriptors. */
void rmi_iso_process_free(struct rmi_iso_process *p);

/* iso_keeper.c */

RME_NODISCARD enum rme_err rmi_iso_keeper_start(struct rmi_iso_host *h, struct rme_error *err);
void rmi_iso_keeper_stop(struct rmi_iso_host *h);
/** Have it look at what is wanted. */
void rmi_iso_keeper_kick(struct rmi_iso_host *h);

#endif
