#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report/record.h"
#include "report/run.h"
#include "sample.h"

static char *
written(const struct rmi_run *run)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	assert_non_null(f);
	assert_int_equal(rmi_record_write_head(f, run), RME_OK);
	for (size_t i = 0; i < run->n_items; i++) {
		assert_int_equal(rmi_record_write_item(f, &run->item[i]), RME_OK);
	}
	assert_int_equal(rmi_record_write_end(f, run), RME_OK);
	assert_int_equal(fclose(f), 0);
	return text;
}

static enum rme_err
read_text(struct rmi_run **run, const char *text, size_t len, struct rme_error *err)
{
	/* fmemopen() takes no empty buffer. */
	FILE *f = len > 0 ? fmemopen((void *)(uintptr_t)text, len, "r") : fopen("/dev/null", "re");
	assert_non_null(f);
	enum rme_err e = rmi_record_read(run, f, "run.jsonl", err);
	(void)fclose(f);
	return e;
}

static void
a_run_is_what_it_was_after_writing_and_reading(void **state)
{
	(void)state;
	struct rmi_run *run = sample_run("hybrid"), *again;
	assert_non_null(run);
	char *text = written(run);
	struct rme_error err;
	assert_int_equal(read_text(&again, text, strlen(text), &err), RME_OK);
	char *text_again = written(again);
	assert_string_equal(text, text_again);
	assert_int_equal(again->n_items, 5);
	assert_int_equal(again->submitted, 5);
	assert_string_equal(again->name, "hybrid");
	assert_string_equal(again->item[2].say[0].text, "front center");
	assert_true(again->wall_ms == 2000);
	assert_int_equal(again->wave.n, 16);
	assert_true(again->item[4].last);
	free(text);
	free(text_again);
	rmi_run_free(run);
	rmi_run_free(again);
}

static void
lines_say_side_and_reason_for_those_who_look_at_nothing_else(void **state)
{
	(void)state;
	struct rmi_run *run = sample_run("x");
	char *text = written(run);
	assert_non_null(
	    strstr(text, "{\"run\":{\"name\":\"x\",\"pipeline\":\"speech.yaml\",\"input\":\"talk.wav\"}}\n"));
	assert_non_null(
	    strstr(text, "{\"item\":1,\"ok\":true,\"side\":\"edge\",\"reason\":\"640 B < 100 KB and complexity "
	                 "0.10 < 0.30\",\"pts_s\":0.0,"));
	assert_non_null(
	    strstr(text, "\"side\":\"cloud\",\"reason\":\"fallback: edge failed after 2 ms: module failed\""));
	assert_non_null(strstr(text, "\"error\":{\"code\":\"RME_ETIMEDOUT\",\"where\":\"vad\",\"text\":\"no <answer> & "
	                             "\\\"more\\\"\"}"));
	assert_non_null(strstr(text, "\"speech\":false"));
	free(text);
	rmi_run_free(run);
}

static void
the_sample_holds_what_was_tapped(void **state)
{
	(void)state;
	struct rmi_run *run = sample_run("x");
	assert_int_equal(run->item[0].speech, RMI_SPEECH_YES);
	assert_int_equal(run->item[1].speech, RMI_SPEECH_NO);
	assert_int_equal(run->item[2].n_says, 2);
	assert_string_equal(run->item[2].say[1].node, "reply");
	assert_int_equal(run->item[2].n_stages, 3);
	assert_int_equal(run->item[1].n_stages, 1);
	assert_int_equal(run->item[4].n_stages, 0);
	assert_true(run->item[2].stage[0].fell_back);
	assert_true(run->item[0].submit_ms == 100 && run->item[0].start_ms == 101);
	/* Equal texts are kept once. */
	assert_ptr_equal(run->item[0].stage[0].text, run->item[1].stage[0].text);
	rmi_run_free(run);
}

static void
what_is_not_a_run_is_refused_with_the_line(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rme_err err;
		const char *says;
	} cases[] = {
	    {"", RME_EFORMAT, "there is no run in it"},
	    {"\n\n", RME_EFORMAT, "there is no run in it"},
	    {"{\"a\":1}\n", RME_EFORMAT, "there is no run in it"},
	    {"{\"item\":1}\nnonsense\n", RME_EFORMAT, "line 2 is no JSON object"},
	    {"[1,2]\n", RME_EFORMAT, "line 1 is no JSON object"},
	    {"{\"item\":1\n", RME_EFORMAT, "line 1 is no JSON object"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rmi_run *run = NULL;
		struct rme_error err;
		assert_int_equal(read_text(&run, cases[i].text, strlen(cases[i].text), &err), cases[i].err);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_string_equal(err.where, "run.jsonl");
		assert_null(run);
	}
}

static void
strange_values_are_taken_for_not_said(void **state)
{
	(void)state;
	static const char text[] =
	    "{\"run\":7}\n{\"run\":{\"name\":[1]}}\n"
	    "{\"item\":-1,\"pts_s\":\"x\",\"stages\":[1,null,{\"node\":5,\"route\":[]}],\"says\":[{},{\"text\":\"\"}]}"
	    "\n"
	    "{\"item\":\"x\",\"stages\":{},\"says\":9,\"speech\":\"yes\",\"error\":{}}\n"
	    "{\"end\":{\"submitted\":-4,\"wave\":{\"rate_hz\":16000,\"per\":0,\"pairs\":[9999,-9999,\"x\"]}}}\n";
	struct rmi_run *run;
	assert_int_equal(read_text(&run, text, sizeof(text) - 1, NULL), RME_OK);
	assert_string_equal(run->name, "run.jsonl");
	assert_int_equal(run->n_items, 2);
	assert_true(isnan(run->item[0].pts_s));
	assert_int_equal(run->item[0].n_stages, 3);
	assert_int_equal(run->item[1].speech, RMI_SPEECH_UNKNOWN);
	assert_int_equal(run->wave.n, 0);
	assert_int_equal(run->submitted, 2);
	rmi_run_free(run);
}

static void
every_cut_of_a_record_is_a_run_or_an_error(void **state)
{
	(void)state;
	struct rmi_run *run = sample_run("x"), *part;
	char *text = written(run);
	size_t len = strlen(text);
	for (size_t n = 0; n < len; n += 7) {
		part = NULL;
		enum rme_err e = read_text(&part, text, n, NULL);
		assert_true(e == RME_OK ? part != NULL : e == RME_EFORMAT);
		rmi_run_free(part);
	}
	free(text);
	rmi_run_free(run);
}

static void
a_line_without_end_is_refused(void **state)
{
	(void)state;
	size_t len = RMI_RECORD_LINE_MAX + 10;
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, ' ', len);
	struct rmi_run *run = NULL;
	struct rme_error err;
	assert_int_equal(read_text(&run, text, len, &err), RME_ELIMIT);
	free(text);
}

static void
forget_frees_items_and_keeps_what_waits(void **state)
{
	(void)state;
	struct rmi_run *run = sample_run("name");
	struct rme_packet_meta m = rme_packet_meta_init();
	m.seq = 9;
	m.format = rme_format_of(RME_MEDIA_TEXT);
	struct rme_packet *p;
	assert_int_equal(rme_packet_new(&p, &m, "late words", 10), RME_OK);
	rmi_run_tap(run, "recognize", p);
	rme_packet_unref(p);
	size_t used = run->arena.used_bytes;
	rmi_run_forget(run);
	assert_true(run->arena.used_bytes < used);
	assert_int_equal(run->n_items, 0);
	assert_string_equal(run->name, "name");
	assert_int_equal(run->n_pending, 1);
	assert_string_equal(run->pending[0].say.text, "late words");
	assert_string_equal(run->pending[0].say.node, "recognize");
	assert_int_equal(rmi_run_rename(run, "other"), RME_OK);
	assert_string_equal(run->name, "other");
	rmi_run_free(run);
}

static void
long_texts_are_cut_between_characters(void **state)
{
	(void)state;
	struct rmi_run *run;
	const struct rmi_run_head head = {.name = "x"};
	assert_int_equal(rmi_run_new(&run, &head), RME_OK);
	char text[RMI_RUN_TEXT_MAX + 10];
	for (size_t i = 0; i + 1 < sizeof(text); i += 2) {
		memcpy(text + i, "\xc3\xa4", 2);
	}
	const char *kept = rmi_run_intern(run, text + 1, sizeof(text) - 3);
	assert_true(strlen(kept) <= RMI_RUN_TEXT_MAX && strlen(kept) > RMI_RUN_TEXT_MAX - 3);
	assert_true((uint8_t)kept[strlen(kept) - 1] == 0xa4);
	assert_ptr_equal(rmi_run_intern(run, "ab\0c", 4), rmi_run_intern(run, "ab", 2));
	rmi_run_free(run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_run_is_what_it_was_after_writing_and_reading),
	    cmocka_unit_test(lines_say_side_and_reason_for_those_who_look_at_nothing_else),
	    cmocka_unit_test(the_sample_holds_what_was_tapped),
	    cmocka_unit_test(what_is_not_a_run_is_refused_with_the_line),
	    cmocka_unit_test(strange_values_are_taken_for_not_said),
	    cmocka_unit_test(every_cut_of_a_record_is_a_run_or_an_error),
	    cmocka_unit_test(a_line_without_end_is_refused),
	    cmocka_unit_test(forget_frees_items_and_keeps_what_waits),
	    cmocka_unit_test(long_texts_are_cut_between_characters),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
