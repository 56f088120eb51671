#ifndef RMI_WASM_ISO_HOST_H
#define RMI_WASM_ISO_HOST_H

/**
 * @file
 * The host's side of isolation: modules that run in processes of their own, those processes, and the seats that sessions
 * have in them. One thread (the keeper) starts the processes, hears their bells, and sees them die.
 */

#include <stdbool.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/node.h>
#include "wasm/iso_wire.h"
#include "wasm/module.h"

struct rmi_iso_host;
struct rmi_iso_module;
struct rmi_iso_process;
struct rmi_wasm_engine;

enum {
	RMI_ISO_PROCESSES = 16, /**< of one module; times RMI_ISO_SESSIONS sessions */
	RMI_ISO_MODULES = 64,   /**< in use at once in one runtime; as many that nobody uses are kept */
};
#define RMI_ISO_START_NS       (INT64_C(20000000000)) /**< longest start of a process */
#define RMI_ISO_BACKOFF_MIN_NS (INT64_C(50000000))    /**< before the third start in a row without a success */
#define RMI_ISO_BACKOFF_MAX_NS (INT64_C(5000000000))  /**< it doubles up to this */
#define RMI_ISO_IDLE_NS        (INT64_C(30000000000)) /**< a process without sessions ends then */

/** @param e  borrowed; outlives it */
RME_NODISCARD enum rme_err
rmi_iso_host_new(struct rmi_iso_host **out, struct rmi_wasm_engine *e, struct rme_error *err);
/** Every seat must have been left. Ends all processes. NULL is a no-op. */
void rmi_iso_host_free(struct rmi_iso_host *h);

/**
 * Read, admit and compile a module, without loading it here. The same module again is the same object. Stays open until
 * rmi_iso_module_close(), and longer while no other module wants its place. Any thread.
 * @return what rmi_wasm_module_open() returns
 */
RME_NODISCARD enum rme_err rmi_iso_module_open(struct rmi_iso_module **out, struct rmi_iso_host *h,
    const struct rmi_wasm_module_spec *spec, struct rme_error *err);
/** Whoever opened it is done with it, and has left all its seats. */
void rmi_iso_module_close(struct rmi_iso_module *m);
const char *rmi_iso_module_name(const struct rmi_iso_module *m);
const struct rme_module_limits *rmi_iso_module_limits(const struct rmi_iso_module *m);

enum rmi_iso_process_state { RMI_ISO_P_WANTED, RMI_ISO_P_STARTING, RMI_ISO_P_READY, RMI_ISO_P_DEAD };

/** A session's place in a process; all-zero = none. In the session's memory, used by its thread. */
struct rmi_iso_seat {
	struct rmi_iso_process *process;
	unsigned slot;
	uint64_t number; /**< of the last order */
	struct rmi_ring_end orders, replies;
};

/**
 * Take a place in a process of the module; starts one where there is none with room. Does not wait: @p node is woken when
 * the process is ready or dead, and whenever it has something to say.
 * @return RME_OK, RME_ELIMIT (all places taken), RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_iso_seat_take(struct rmi_iso_seat *seat, struct rmi_iso_module *m, struct rme_node *node, struct rme_error *err);
/** Give it back. @param usable  the guest has closed the session; else the place is lost to the process */
void rmi_iso_seat_leave(struct rmi_iso_seat *seat, bool usable);
enum rmi_iso_process_state rmi_iso_seat_state(const struct rmi_iso_seat *seat);
/** Once it is ready, before the first order. */
void rmi_iso_seat_open(struct rmi_iso_seat *seat);
/** Of a dead one: what happened. */
void rmi_iso_seat_death(const struct rmi_iso_seat *seat, struct rme_error *err);
/** End the process, because of this session; @p why is for the log and the verdicts. */
void rmi_iso_seat_kill(struct rmi_iso_seat *seat, enum rme_err code, const char *why);
/** Stop what the session runs; stays so until the seat is left. Any thread while it is taken. */
void rmi_iso_seat_cancel(struct rmi_iso_seat *seat);
/** An item went through: crashes before it are forgotten. */
void rmi_iso_seat_worked(const struct rmi_iso_seat *seat);

/** After writing to orders: wake the guest where it sleeps. */
void rmi_iso_seat_tell(struct rmi_iso_seat *seat);
/** After reading replies: the same, where it waits for room. */
void rmi_iso_seat_heard(struct rmi_iso_seat *seat);
/**
 * Have the node woken once there is something to read, or (writer not NULL) room to write.
 * @return false if there is already
 */
bool rmi_iso_seat_sleep(struct rmi_iso_seat *seat, struct rmi_ring_end *reader, struct rmi_ring_end *writer);
/** For threads that may block: wait for the same, or (reader NULL) only for another state of the process, or for the time. */
void rmi_iso_seat_wait(
    struct rmi_iso_seat *seat, struct rmi_ring_end *reader, struct rmi_ring_end *writer, int64_t until_ns);

/** For status and tests. */
struct rmi_iso_status {
	unsigned processes, sessions;
	uint64_t started, died;
	int64_t last_start_ns;           /**< that a process took to be ready */
	int pid;                         /**< of one process that is ready, rather of one with sessions; 0 = none */
	char report[RMI_ISO_REPORT_MAX]; /**< how that one is confined */
};
void rmi_iso_host_status(struct rmi_iso_host *h, struct rmi_iso_status *out);

#endif
