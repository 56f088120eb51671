#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/speech_voice.h"

static struct rmi_speech
say(enum rmi_voice voice, const char *text, double speed)
{
	struct rmi_speech s = {0};
	struct rme_error err = {0};
	if (rmi_voice_say(&s, voice, text, speed, &err) != RME_OK) {
		fail_msg("%s", err.text);
	}
	assert_int_equal(s.rate_hz, rmi_voice_rate_hz(voice));
	return s;
}

static void
every_voice_speaks(void **state)
{
	(void)state;
	for (int v = 0; v < RMI_VOICE_COUNT_; v++) {
		struct rmi_speech s = say((enum rmi_voice)v, "Turn on the kitchen light.", 1.0);
		double seconds = (double)s.n / s.rate_hz;
		print_message("%s: %.2f s at %u Hz\n", rmi_voice_names[v], seconds, (unsigned)s.rate_hz);
		assert_true(seconds > 1.0 && seconds < 4.0);
		int peak = 0;
		for (size_t i = 0; i < s.n; i++) {
			peak = abs(s.pcm[i]) > peak ? abs(s.pcm[i]) : peak;
		}
		assert_true(peak > 3000);
		rmi_speech_done(&s);
	}
	assert_null(rmi_voice_names[RMI_VOICE_COUNT_]);
}

static void
speed_changes_the_length_of_this_sentence_only(void **state)
{
	(void)state;
	struct rmi_speech normal = say(RMI_VOICE_KAL16, "One two three.", 1.0);
	struct rmi_speech fast = say(RMI_VOICE_KAL16, "One two three.", 2.0);
	struct rmi_speech again = say(RMI_VOICE_KAL16, "One two three.", 1.0);
	assert_true(fast.n * 10 < normal.n * 6 && fast.n * 10 > normal.n * 4);
	assert_int_equal(again.n, normal.n);
	assert_memory_equal(again.pcm, normal.pcm, normal.n * sizeof(*normal.pcm));
	rmi_speech_done(&normal);
	rmi_speech_done(&fast);
	rmi_speech_done(&again);
}

static void
bad_text_does_no_harm(void **state)
{
	(void)state;
	char longer[RMI_VOICE_TEXT_MAX + 2];
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	struct rmi_speech s = {0};
	struct rme_error err = {0};
	assert_int_equal(rmi_voice_say(&s, RMI_VOICE_KAL, longer, 1.0, &err), RME_ELIMIT);
	longer[RMI_VOICE_TEXT_MAX] = '\0';
	static const char *const odd[] = {
	    "", " ", ".", "!?", "\xff\xfe", "<speak>", "12345678901234567890", "$5.50 at 3:45"};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		s = say(RMI_VOICE_KAL, odd[i], 1.0);
		rmi_speech_done(&s);
	}
	s = say(RMI_VOICE_KAL, longer, 4.0);
	assert_true(s.n > 0);
	rmi_speech_done(&s);
	rmi_speech_done(&s);
}

struct speaker {
	enum rmi_voice voice;
	struct rmi_speech got;
};

static void *
speak_in_a_thread(void *arg)
{
	struct speaker *s = arg;
	for (int i = 0; i < 5; i++) {
		rmi_speech_done(&s->got);
		if (rmi_voice_say(&s->got, s->voice, "Eight of spades.", 1.0 + 0.5 * (i % 2), NULL) != RME_OK) {
			break;
		}
	}
	return NULL;
}

/* The noise in rms is drawn anew each time, so only its length is the same; kal16 is exact. */
static void
threads_may_speak_at_once(void **state)
{
	(void)state;
	enum { N = 4 };
	struct rmi_speech exact = say(RMI_VOICE_KAL16, "Eight of spades.", 1.0);
	struct rmi_speech noisy = say(RMI_VOICE_RMS, "Eight of spades.", 1.0);
	struct speaker s[N] = {0};
	pthread_t threads[N];
	for (int i = 0; i < N; i++) {
		s[i].voice = i % 2 == 0 ? RMI_VOICE_KAL16 : RMI_VOICE_RMS;
		assert_int_equal(pthread_create(&threads[i], NULL, speak_in_a_thread, &s[i]), 0);
	}
	for (int i = 0; i < N; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(s[i].got.n, i % 2 == 0 ? exact.n : noisy.n);
		if (i % 2 == 0) {
			assert_memory_equal(s[i].got.pcm, exact.pcm, exact.n * sizeof(*exact.pcm));
		}
		rmi_speech_done(&s[i].got);
	}
	rmi_speech_done(&exact);
	rmi_speech_done(&noisy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_voice_speaks),
	    cmocka_unit_test(speed_changes_the_length_of_this_sentence_only),
	    cmocka_unit_test(bad_text_does_no_harm),
	    cmocka_unit_test(threads_may_speak_at_once),
	};
	return cmocka_run_group_tests_name("speech_voice", tests, NULL, NULL);
}
