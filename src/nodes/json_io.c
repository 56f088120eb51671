#include "nodes/json_io.h"

#include <stdlib.h>
#include <rme/node.h>
#include "base/utf8.h"

static enum rme_err
payload(struct rme_bytes *out, struct rme_node *self, const struct rme_packet *in)
{
	out->data = rme_packet_data(in, &out->len);
	if (out->len > RMI_JSON_BYTES_MAX) {
		return rme_node_fail(
		    self, RME_ELIMIT, "takes at most %d bytes of text, got %zu", RMI_JSON_BYTES_MAX, out->len);
	}
	return RME_OK;
}

enum rme_err
rmi_json_in(yyjson_doc **out, struct rme_node *self, const struct rme_packet *in)
{
	const struct rme_format *f = &rme_packet_meta(in)->format;
	if (f->media != RME_MEDIA_JSON && f->media != RME_MEDIA_ANY) {
		char name[RME_FORMAT_TEXT_MAX];
		(void)rme_format_print(f, name);
		return rme_node_fail(self, RME_EFORMAT, "takes application/json, got %s", name);
	}
	struct rme_bytes bytes;
	enum rme_err e = payload(&bytes, self, in);
	if (e != RME_OK) {
		return e;
	}
	yyjson_read_err why = {0};
	/* Without the in-situ flag the library only reads. */
	yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)bytes.data, bytes.len, YYJSON_READ_NOFLAG, NULL, &why);
	if (doc == NULL && why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
		return rme_node_fail(self, RME_ENOMEM, "no memory for the JSON");
	}
	if (doc == NULL) {
		return rme_node_fail(self, RME_EFORMAT, "no JSON: %s at byte %zu", why.msg, why.pos);
	}
	*out = doc;
	return RME_OK;
}

static enum rme_err
plain_text(struct rmi_text_in *out, struct rme_node *self, const struct rme_packet *in)
{
	struct rme_bytes bytes;
	enum rme_err e = payload(&bytes, self, in);
	if (e != RME_OK) {
		return e;
	}
	if (!rmi_utf8_valid((const char *)bytes.data, bytes.len)) {
		return rme_node_fail(self, RME_EFORMAT, "the text is not UTF-8");
	}
	*out = (struct rmi_text_in){(const char *)bytes.data, bytes.len, NULL};
	return RME_OK;
}

enum rme_err
rmi_text_in(struct rmi_text_in *out, struct rme_node *self, const struct rme_packet *in)
{
	enum rme_media media = rme_packet_meta(in)->format.media;
	if (media == RME_MEDIA_TEXT || media == RME_MEDIA_ANY) {
		return plain_text(out, self, in);
	}
	yyjson_doc *doc = NULL;
	enum rme_err e = rmi_json_in(&doc, self, in);
	if (e != RME_OK) {
		return e;
	}
	yyjson_val *root = yyjson_doc_get_root(doc);
	yyjson_val *text = yyjson_is_obj(root) ? yyjson_obj_get(root, "text") : root;
	if (!yyjson_is_str(text)) {
		yyjson_doc_free(doc);
		return rme_node_fail(self, RME_EFORMAT, "the JSON has no text: give {\"text\": \"...\"}");
	}
	*out = (struct rmi_text_in){yyjson_get_str(text), yyjson_get_len(text), doc};
	return RME_OK;
}

void
rmi_text_in_done(struct rmi_text_in *t)
{
	yyjson_doc_free(t->doc);
	*t = (struct rmi_text_in){0};
}

enum rme_err
rmi_json_emit(struct rme_node *self, const struct rme_packet_meta *meta, yyjson_mut_doc *doc)
{
	size_t len = 0;
	yyjson_write_err why = {0};
	char *text = doc != NULL ? yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, NULL, &len, &why) : NULL;
	if (text == NULL) {
		return rme_node_fail(self, RME_ENOMEM, "the JSON could not be written");
	}
	struct rme_packet_meta m = *meta;
	m.kind = RME_PACKET_DATA;
	m.format = rme_format_of(RME_MEDIA_JSON);
	struct rme_packet *out = NULL;
	struct rme_bytes bytes = {(const uint8_t *)text, len};
	enum rme_err e = rme_packet_wrap(&out, &m, bytes, free, text);
	return e == RME_OK ? rme_node_emit(self, out) : rme_node_fail(self, e, "no memory for the result");
}

enum rme_err
rmi_text_emit(struct rme_node *self, const struct rme_packet_meta *meta, const char *text, size_t len)
{
	struct rme_packet_meta m = *meta;
	m.kind = RME_PACKET_DATA;
	m.format = rme_format_of(RME_MEDIA_TEXT);
	struct rme_packet *out = NULL;
	enum rme_err e = rme_packet_new(&out, &m, text, len);
	return e == RME_OK ? rme_node_emit(self, out) : rme_node_fail(self, e, "no room for a text of %zu bytes", len);
}
