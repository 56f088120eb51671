#include "nodes/speech_voice.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <flite/flite.h>

const char *const rmi_voice_names[] = {"kal", "kal16", "slt", "rms", "awb", NULL};

static const uint32_t rates_hz[RMI_VOICE_COUNT_] = {
    [RMI_VOICE_KAL] = 8000,
    [RMI_VOICE_KAL16] = 16000,
    [RMI_VOICE_SLT] = 16000,
    [RMI_VOICE_RMS] = 16000,
    [RMI_VOICE_AWB] = 16000,
};

/*
 * A voice is a library of 1.5 to 3 MB, most of it tables that the loader has to touch, so each is loaded when it first
 * speaks; a process that says nothing pays for none. They are never unloaded: Flite keeps its voices in globals of its own.
 */
static pthread_mutex_t voices_lock = PTHREAD_MUTEX_INITIALIZER;
static cst_voice *voices[RMI_VOICE_COUNT_]; /* guarded by voices_lock */

static cst_voice *
load_voice(enum rmi_voice voice)
{
	char name[64];
	(void)snprintf(name, sizeof(name), "libflite_cmu_us_%s.so.1", rmi_voice_names[voice]);
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL) {
		return NULL;
	}
	(void)snprintf(name, sizeof(name), "register_cmu_us_%s", rmi_voice_names[voice]);
	/* POSIX's way from an object pointer to a function pointer. */
	union {
		void *object;
		cst_voice *(*function)(const char *folder);
	} symbol = {.object = dlsym(library, name)};
	(void)flite_init();
	return symbol.object != NULL ? symbol.function(NULL) : NULL;
}

static cst_voice *
get_voice(enum rmi_voice voice)
{
	(void)pthread_mutex_lock(&voices_lock);
	if (voices[voice] == NULL) {
		voices[voice] = load_voice(voice);
	}
	cst_voice *v = voices[voice];
	(void)pthread_mutex_unlock(&voices_lock);
	return v;
}

uint32_t
rmi_voice_rate_hz(enum rmi_voice voice)
{
	return rates_hz[voice];
}

enum rme_err
rmi_voice_say(struct rmi_speech *out, enum rmi_voice voice, const char *text, double speed, struct rme_error *err)
{
	if (strlen(text) > RMI_VOICE_TEXT_MAX) {
		return rme_error_set(err, RME_ELIMIT, "voice", "a sentence of more than %d bytes", RMI_VOICE_TEXT_MAX);
	}
	cst_voice *v = get_voice(voice);
	if (v == NULL) {
		return rme_error_set(err, RME_ENOTFOUND, "voice",
		    "libflite_cmu_us_%s.so.1 cannot be loaded; install libflite1", rmi_voice_names[voice]);
	}
	cst_utterance *u = new_utterance();
	if (u == NULL) {
		return rme_error_set(err, RME_ENOMEM, "voice", "out of memory");
	}
	utt_set_input_text(u, text);
	(void)utt_init(u, v);
	/* Set on the utterance: the voice is shared. */
	float stretch = flite_get_param_float(u->features, "duration_stretch", 1.0F);
	flite_feat_set_float(u->features, "duration_stretch", stretch / (float)speed);
	cst_wave *w = utt_synth(u) != NULL ? utt_wave(u) : NULL;
	if (w == NULL || w->num_channels != 1 || w->num_samples < 0 || w->sample_rate <= 0) {
		delete_utterance(u);
		return rme_error_set(err, RME_EMODULE, "voice", "Flite could not say \"%.100s\"", text);
	}
	*out = (struct rmi_speech){w->samples, (size_t)w->num_samples, (uint32_t)w->sample_rate, u};
	return RME_OK;
}

void
rmi_speech_done(struct rmi_speech *s)
{
	if (s->owner != NULL) {
		delete_utterance(s->owner);
	}
	*s = (struct rmi_speech){0};
}
