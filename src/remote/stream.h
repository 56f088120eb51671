#ifndef RMI_REMOTE_STREAM_H
#define RMI_REMOTE_STREAM_H

/**
 * @file
 * The client's end of one session with one service: keeps a link open, opens a new one with back-off when it broke, numbers
 * what is sent, keeps to the peer's window, and checks what comes back. One thread at a time; the clock is the caller's.
 */

#include <rme/packet.h>

#include "remote/link.h"
#include "rpc/wire_packet.h"

enum {
	RMI_STREAM_EARLY_ITEMS = 8, /**< may be sent before the service has said what it takes */
	RMI_STREAM_EARLY_BYTES = 1024 * 1024,
	RMI_STREAM_WINDOW_MAX = 1024, /**< items open at the far side, whatever it offers */
};

/** Back-off between tries: doubled from the first to the last. */
#define RMI_STREAM_BACKOFF_FIRST_NS INT64_C(200000000)
#define RMI_STREAM_BACKOFF_LAST_NS  INT64_C(5000000000)
/** A try that brings no answer to Open in this time has failed. */
#define RMI_STREAM_OPEN_TIMEOUT_NS INT64_C(10000000000)

enum rmi_stream_state {
	RMI_STREAM_IDLE = 0, /**< nothing tried yet */
	RMI_STREAM_OPENING,  /**< first try under way: items may be given, and wait */
	RMI_STREAM_OPEN,
	RMI_STREAM_DOWN,     /**< waiting for the next try: items are refused */
	RMI_STREAM_RETRYING, /**< a further try under way, waiting for a connection: items are refused */
	RMI_STREAM_FINISHED, /**< the last flush went through; nothing more is expected */
};

/** Everything is borrowed and outlives the stream. */
struct rmi_stream_config {
	struct rmi_channel *channel;
	const char *service;     /**< name at the far side */
	const char *params_json; /**< NULL = none */
	const char *session_id;
	void (*notify)(void *ctx); /**< rules of rmi_link_open() */
	void *ctx;
};

struct rmi_stream_item {
	uint64_t seq;
	size_t bytes;
};

struct rmi_stream {
	struct rmi_stream_config config;
	bool wanted;              /* something is to be sent */
	struct rme_format format; /* of the first item */
	enum rmi_stream_state state;
	struct rmi_link *link;
	unsigned tries;       /* failed in a row */
	int64_t retry_at_ns;  /* DOWN */
	int64_t give_up_ns;   /* OPENING, RETRYING */
	struct rme_error why; /* of the last failure */
	uint32_t window_items;
	uint64_t window_bytes;
	uint64_t max_payload;
	uint64_t last_seq;
	uint64_t last_flush;          /* seq of the flush after which nothing follows, 0 = none */
	struct rmi_stream_item *open; /* ring: sent, not ended by the far side */
	unsigned cap, head, n_open;
	uint64_t open_bytes;
	bool dirty; /* items were sent since the last flush */
	struct rmi_wire_format sent, seen;
	char far_session[RMI_WIRE_NAME_MAX];
};

enum rmi_stream_event_kind {
	RMI_STREAM_NONE = 0,
	RMI_STREAM_DATA,     /**< a result of item frame.packet.seq, which is the oldest open one */
	RMI_STREAM_ITEM_END, /**< of the oldest open item or flush */
	RMI_STREAM_LOST,     /**< the link broke: everything open is lost, for the reason in error */
};

struct rmi_stream_event {
	enum rmi_stream_event_kind kind;
	struct rmi_buf *msg; /**< DATA: one reference for the caller */
	struct rmi_frame frame;
	struct rme_error error;
};

void rmi_stream_init(struct rmi_stream *s, const struct rmi_stream_config *config);
void rmi_stream_done(struct rmi_stream *s);

/** An item of this format will be sent: the stream is opened with it, by the next tick. */
void rmi_stream_want(struct rmi_stream *s, const struct rme_format *format);

/** Connect, if it is wanted and time to. Call it before sending and when its time comes. @return next time, 0 = none */
int64_t rmi_stream_tick(struct rmi_stream *s, int64_t now_ns);

/** RME_OK, or why items are refused now (then with text in @p err). */
enum rme_err rmi_stream_accepts(const struct rmi_stream *s, struct rme_error *err);

/**
 * Send an item (@p pkt is borrowed) or a flush.
 * @param flags      RMI_WIRE_NO_RESULTS, or 0
 * @param[out] seq   its number on this stream
 * @return RME_OK; RME_EAGAIN (window or write queue full, notify comes); RME_ELIMIT (payload too large), RME_ENOMEM,
 *         or the reason of rmi_stream_accepts()
 */
RME_NODISCARD enum rme_err
rmi_stream_send(struct rmi_stream *s, struct rme_packet *pkt, uint32_t flags, int64_t remaining_ns, uint64_t *seq);
RME_NODISCARD enum rme_err rmi_stream_flush(struct rmi_stream *s, bool last, int64_t remaining_ns, uint64_t *seq);

/** Ask the far side to drop an item, or everything; its ItemEnd still comes. Best effort. */
void rmi_stream_cancel(struct rmi_stream *s, uint64_t seq);
void rmi_stream_reset(struct rmi_stream *s);

/** Fetch what happened. The kind is RMI_STREAM_NONE when there is nothing more now. */
void rmi_stream_next(struct rmi_stream *s, struct rmi_stream_event *ev, int64_t now_ns);

#endif
