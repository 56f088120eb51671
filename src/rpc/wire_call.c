/* The messages of the unary Call: the same parts as on a stream, in one message each way. */

#include "rpc/wire_message.h"
#include "rpc/wire_packet.h"

#define LEN(n) RMI_WIRE_TAG(n, RMI_WIRE_LEN)

enum { CALL_OPEN = 1, CALL_ITEM = 2, REPLY_DATA = 1, REPLY_END = 2 };

enum rme_err
rmi_wire_call_request(
    struct rmi_buf **out, const struct rmi_frame_open *open, struct rme_packet *item, int64_t remaining_ns)
{
	struct rmi_buf *b = rmi_buf_new();
	if (!b) {
		return RME_ENOMEM;
	}
	struct rmi_wire_out how = {.seq = 1, .remaining_ns = remaining_ns};
	enum rme_err e = rmi_add_open(b, CALL_OPEN, open);
	e = e == RME_OK ? rmi_add_packet(b, CALL_ITEM, item, &how) : e;
	if (e != RME_OK) {
		rmi_buf_unref(b);
		return e;
	}
	*out = b;
	return RME_OK;
}

enum rme_err
rmi_wire_read_call(
    struct rmi_frame_open *open, struct rmi_frame_packet *item, const struct rmi_buf *msg, struct rme_error *err)
{
	struct rmi_reader r;
	struct rmi_field f;
	bool has_open = false;
	bool has_item = false;
	int more;
	rmi_reader_init(&r, msg, rmi_span_all(msg));
	while ((more = rmi_reader_next(&r, &f)) > 0) {
		enum rme_err e = RME_OK;
		if (f.tag == LEN(CALL_OPEN)) {
			e = rmi_get_open(open, msg, f.span, err);
			has_open = true;
		} else if (f.tag == LEN(CALL_ITEM)) {
			e = rmi_get_packet(item, msg, f.span, err);
			has_item = true;
		}
		if (e != RME_OK) {
			return e;
		}
	}
	return more == 0 && has_open && has_item ? RME_OK : rmi_wire_bad(err, "malformed CallRequest");
}

enum rme_err
rmi_wire_reply_add(struct rmi_buf *reply, struct rme_packet *result, const struct rmi_wire_out *how)
{
	return rmi_add_packet(reply, REPLY_DATA, result, how);
}

enum rme_err
rmi_wire_reply_end(struct rmi_buf *reply, const struct rmi_frame_item_end *end)
{
	return rmi_add_item_end(reply, REPLY_END, end);
}

enum rme_err
rmi_wire_read_reply(struct rmi_frame_item_end *end, const struct rmi_buf *msg,
    enum rme_err (*on_data)(void *ctx, const struct rmi_frame_packet *frame), void *ctx, struct rme_error *err)
{
	struct rmi_reader r;
	struct rmi_field f;
	bool has_end = false;
	unsigned results = 0;
	int more;
	rmi_reader_init(&r, msg, rmi_span_all(msg));
	while ((more = rmi_reader_next(&r, &f)) > 0) {
		enum rme_err e = RME_OK;
		if (f.tag == LEN(REPLY_DATA)) {
			struct rmi_frame_packet data;
			e = ++results > RMI_WIRE_RESULTS_MAX
			        ? rme_error_set(err, RME_ELIMIT, "rme.v1", "more than %d results", RMI_WIRE_RESULTS_MAX)
			        : rmi_get_packet(&data, msg, f.span, err);
			e = e == RME_OK ? on_data(ctx, &data) : e;
		} else if (f.tag == LEN(REPLY_END)) {
			e = rmi_get_item_end(end, msg, f.span, err);
			has_end = true;
		}
		if (e != RME_OK) {
			return e;
		}
	}
	return more == 0 && has_end ? RME_OK : rmi_wire_bad(err, "malformed CallReply");
}
