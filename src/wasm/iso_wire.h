#ifndef RMI_WASM_ISO_WIRE_H
#define RMI_WASM_ISO_WIRE_H

/**
 * @file
 * What a host and its guest process say to each other: the memory that they share, and the messages in its rings. Both are
 * built from this file; a guest of another build is refused (RMI_ISO_VERSION). Orders go to the guest, which believes them;
 * replies come back, of which the host believes nothing (iso_receive.h).
 *
 * One order is under way per session. It is answered by any number of results, calls and log lines, and one DONE.
 */

#include <stdatomic.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>
#include "core/module_entry.h"
#include "wasm/engine.h"
#include "wasm/iso_ring.h"
#include "wasm/module_limits.h"

enum {
	RMI_ISO_VERSION = 2,
	RMI_ISO_SESSIONS = 32,         /**< of one guest process; each has a thread in it */
	RMI_ISO_NAME_MAX = 256,        /**< module or function name, NUL included */
	RMI_ISO_SESSION_ID_MAX = 1024, /**< NUL included */
	RMI_ISO_OPEN_BYTES_MAX = 1 << 20,
	RMI_ISO_CALL_BYTES_MAX = 64 << 20, /**< request of a host call */
	RMI_ISO_REPORT_MAX = 256
};

/** Descriptors of the guest program. */
enum { RMI_ISO_FD_SHARED = 3, RMI_ISO_FD_BELL, RMI_ISO_FD_WASM, RMI_ISO_FD_CODE, RMI_ISO_FD_PIN, RMI_ISO_FD_END };

enum rmi_iso_order_kind {
	RMI_ISO_OPEN = 1, /**< body: texts, see iso_open_text */
	RMI_ISO_DATA,     /**< body: payload */
	RMI_ISO_FLUSH,
	RMI_ISO_RESET,
	RMI_ISO_CLOSE,
	RMI_ISO_ANSWER, /**< to a CALL; body: payload. To ASSETS; body: all files, each with its head */
};

struct rmi_iso_order {
	uint32_t kind;
	uint32_t len; /**< of the body that follows */
	uint64_t number;
	int32_t code;                  /**< ANSWER: enum rme_err */
	uint32_t hybrid;               /**< OPEN: the module may call services */
	uint32_t assets;               /**< OPEN: it is given files, which its guest asks for */
	struct rme_packet_meta meta;   /**< DATA, FLUSH: of the item */
	uint32_t bytes_up, bytes_down; /**< ANSWER */
	int64_t remote_ns;             /**< ANSWER */
};

/** Before each file of an answer; then come its name and its bytes. */
struct rmi_iso_asset {
	uint32_t name_len; /**< less than RMI_ASSET_NAME_MAX */
	uint32_t len;
};

/** Texts of an OPEN, each with its NUL, in this order; an absent one is only a 0x01 byte before its NUL. */
enum rmi_iso_open_text {
	RMI_ISO_TEXT_NODE,
	RMI_ISO_TEXT_SESSION,
	RMI_ISO_TEXT_PARAMS,
	RMI_ISO_TEXT_SERVICES,
	RMI_ISO_TEXT_INPUT,
	RMI_ISO_TEXT_OUTPUT,
	RMI_ISO_TEXT_COUNT
};

enum rmi_iso_reply_kind {
	RMI_ISO_RESULT = 1, /**< body: payload */
	RMI_ISO_DONE,       /**< body: text of the error */
	RMI_ISO_LOG,        /**< body: text */
	RMI_ISO_CALL,       /**< body: name of the service, then the payload */
	RMI_ISO_ASSETS,     /**< an instance starts: it wants the files of the module; no body */
};

struct rmi_iso_reply {
	uint32_t kind;
	uint32_t len;
	uint64_t number;     /**< of the order that it belongs to */
	int32_t code;        /**< DONE: enum rme_err; LOG: level; CALL: enum rmi_service_kind */
	uint32_t name_len;   /**< CALL */
	float confidence;    /**< RESULT */
	uint32_t format_len; /**< RESULT */
	char format[RME_FORMAT_TEXT_MAX];
};

/** How far a guest process is. It only ever goes up. */
enum rmi_iso_stage { RMI_ISO_STARTING = 0, RMI_ISO_READY = 1, RMI_ISO_FAILED = 2 };

/** Written by the host before the start, read once by the guest. */
struct rmi_iso_setup {
	uint32_t version, shared_bytes;
	uint32_t guard; /**< enum rmi_wasm_guard */
	uint32_t optimize_level, interruptible;
	char module[RMI_ISO_NAME_MAX], function[RMI_ISO_NAME_MAX];
	struct rme_module_limits limits;
	uint64_t data_bytes; /**< limit of private memory, 0 = none */
};

struct rmi_iso_control {
	struct rmi_iso_setup setup;
	alignas(RMI_RING_LINE) _Atomic uint32_t stage;    /**< enum rmi_iso_stage; by the guest, as all down to rung */
	int32_t failure;                                  /**< enum rme_err, where it failed */
	char report[RMI_ISO_REPORT_MAX];                  /**< how it is confined, or why it failed */
	alignas(RMI_RING_LINE) _Atomic uint32_t rung;     /**< bit of each session that has something for the host */
	alignas(RMI_RING_LINE) _Atomic uint32_t canceled; /**< bit of each session to be stopped; by the host */
	_Atomic uint32_t attention;                       /**< counts up, and is a futex: look at canceled */
};

struct rmi_iso_slot {
	struct rmi_ring orders, replies;
};

struct rmi_iso_shared {
	alignas(4096) struct rmi_iso_control control;
	alignas(4096) struct rmi_iso_slot slot[RMI_ISO_SESSIONS];
};

#endif
