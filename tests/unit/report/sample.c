#include "sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <rme/verdict.h>

#include "core/node.h"

#define MS ((int64_t)1000000)

enum { BEGAN_MS = 1000 };

static struct rme_packet_meta
meta_of(uint64_t seq, struct rme_format format)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.seq = seq;
	m.pts_ns = (int64_t)(seq - 1) * 20 * MS;
	m.duration_ns = 20 * MS;
	m.format = format;
	return m;
}

static void
submit(struct rmi_run *run, uint64_t seq)
{
	int16_t pcm[320];
	for (int i = 0; i < 320; i++) {
		pcm[i] = (int16_t)((int)seq * 4000 * (i % 2 == 0 ? 1 : -1));
	}
	struct rme_packet_meta m = meta_of(seq, rme_format_audio(RME_SAMPLE_S16LE, 16000, 1));
	struct rme_packet *p;
	if (rme_packet_new(&p, &m, pcm, sizeof(pcm)) == RME_OK) {
		rmi_run_submitted(run, p);
		rme_packet_unref(p);
	}
}

/* A packet that a stage has made, perhaps with a detector's word on it. */
static void
tap(struct rmi_run *run, const char *node, uint64_t seq, const char *text, const char *note)
{
	struct rme_packet_meta m = meta_of(seq, rme_format_of(RME_MEDIA_TEXT));
	struct rme_packet *p, *n;
	if (rme_packet_new(&p, &m, text, strlen(text)) != RME_OK) {
		return;
	}
	if (note != NULL) {
		m.format = rme_format_of(RME_MEDIA_JSON);
		if (rme_packet_new(&n, &m, note, strlen(note)) == RME_OK) {
			rme_packet_annotate(p, n);
		}
	}
	rmi_run_tap(run, node, p);
	rme_packet_unref(p);
}

static void
fill_vad(struct rme_stage_report *r, int64_t at_ns, bool fell_back)
{
	r->node = "vad";
	r->enter_ns = at_ns;
	r->leave_ns = at_ns + (fell_back ? 40 * MS : MS / 10);
	r->busy_ns = MS / 10;
	r->side = fell_back ? RME_SIDE_CLOUD : RME_SIDE_EDGE;
	r->bytes_up = fell_back ? 640 : 0;
	r->bytes_down = fell_back ? 50 : 0;
	r->route = (struct rme_route){.mode = RME_ROUTE_AUTO,
	    .reason = RME_REASON_SMALL,
	    .first = RME_SIDE_EDGE,
	    .side = r->side,
	    .bytes = 640,
	    .bytes_limit = 100000,
	    .complexity = 0.1F,
	    .complexity_limit = 0.3F,
	    .edge_ms = NAN,
	    .cloud_ms = NAN,
	    .fell_back = fell_back,
	    .cause = fell_back ? RME_EMODULE : RME_OK,
	    .first_ns = 2 * MS};
}

static void
fill_words(struct rme_verdict *v, int64_t at_ns)
{
	static const char *const names[] = {"vad", "recognize", "reply"};
	for (size_t i = 1; i < 3; i++) {
		v->stage[i].node = names[i];
		v->stage[i].enter_ns = at_ns + (int64_t)(i - 1) * 300 * MS;
		v->stage[i].leave_ns = at_ns + 600 * MS;
		v->stage[i].side = i == 1 ? RME_SIDE_CLOUD : RME_SIDE_EDGE;
		v->stage[i].bytes_up = i == 1 ? 1000 : 0;
	}
}

static void
end(struct rmi_run *run, uint64_t seq, enum rme_err e)
{
	struct rme_packet_meta m = meta_of(seq, (struct rme_format){0});
	struct rme_packet *p;
	if (seq == 5) {
		m.pts_ns = -1;
		m.duration_ns = 0;
		m.flags = RME_PACKET_LAST;
	}
	if (rmi_packet_new_end(&p, &m, 3) != RME_OK) {
		return;
	}
	struct rme_verdict *v = rmi_packet_verdict(p);
	int64_t at = (BEGAN_MS + (int64_t)seq * 100) * MS;
	v->submit_ns = at;
	v->start_ns = at + MS;
	v->end_ns = at + 5 * MS;
	if (seq != 5) {
		fill_vad(&v->stage[0], v->start_ns, seq == 3);
	}
	if (seq == 3) {
		fill_words(v, v->start_ns + 40 * MS);
		v->end_ns = at + 700 * MS;
	}
	if (e != RME_OK) {
		rme_error_set(&v->error, e, "vad", "no <answer> & \"more\"");
	}
	(void)rmi_run_verdict(run, p);
	rme_packet_unref(p);
}

struct rmi_run *
sample_run(const char *name)
{
	const struct rmi_run_head head = {
	    .name = name, .pipeline = "speech.yaml", .input = "talk.wav", .began_ns = BEGAN_MS * MS};
	struct rmi_run *run;
	if (rmi_run_new(&run, &head) != RME_OK) {
		return NULL;
	}
	for (uint64_t seq = 1; seq <= 4; seq++) {
		submit(run, seq);
		tap(run, "vad", seq, "", seq == 2 ? "{\"speech\":false}" : "{\"is_speech\":true}");
		if (seq == 3) {
			tap(run, "recognize", seq, "front center", NULL);
			tap(run, "reply", seq, "Looking <there> & back.", NULL);
		}
		end(run, seq, seq == 4 ? RME_ETIMEDOUT : RME_OK);
	}
	rmi_run_submitted(run, NULL);
	end(run, 5, RME_OK);
	rmi_run_ended(run, (BEGAN_MS + 2000) * MS);
	return run;
}
