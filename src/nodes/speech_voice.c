#include "nodes/speech_voice.h"

#include <pthread.h>
#include <string.h>
#include <flite/flite.h>

/* The voices' libraries come without headers. */
cst_voice *register_cmu_us_kal(const char *folder);
cst_voice *register_cmu_us_kal16(const char *folder);
cst_voice *register_cmu_us_slt(const char *folder);
cst_voice *register_cmu_us_rms(const char *folder);
cst_voice *register_cmu_us_awb(const char *folder);

const char *const rmi_voice_names[] = {"kal", "kal16", "slt", "rms", "awb", NULL};

static const struct {
	cst_voice *(*load)(const char *folder);
	uint32_t rate_hz;
} voices[RMI_VOICE_COUNT_] = {
    [RMI_VOICE_KAL] = {register_cmu_us_kal, 8000},
    [RMI_VOICE_KAL16] = {register_cmu_us_kal16, 16000},
    [RMI_VOICE_SLT] = {register_cmu_us_slt, 16000},
    [RMI_VOICE_RMS] = {register_cmu_us_rms, 16000},
    [RMI_VOICE_AWB] = {register_cmu_us_awb, 16000},
};

/* Flite keeps its voices in globals of its own, and makes them at the first call. */
static pthread_mutex_t voices_lock = PTHREAD_MUTEX_INITIALIZER;

static cst_voice *
get_voice(enum rmi_voice voice)
{
	(void)pthread_mutex_lock(&voices_lock);
	(void)flite_init();
	cst_voice *v = voices[voice].load(NULL);
	(void)pthread_mutex_unlock(&voices_lock);
	return v;
}

uint32_t
rmi_voice_rate_hz(enum rmi_voice voice)
{
	return voices[voice].rate_hz;
}

enum rme_err
rmi_voice_say(struct rmi_speech *out, enum rmi_voice voice, const char *text, double speed, struct rme_error *err)
{
	if (strlen(text) > RMI_VOICE_TEXT_MAX) {
		return rme_error_set(err, RME_ELIMIT, "voice", "a sentence of more than %d bytes", RMI_VOICE_TEXT_MAX);
	}
	cst_voice *v = get_voice(voice);
	cst_utterance *u = v != NULL ? new_utterance() : NULL;
	if (u == NULL) {
		return rme_error_set(err, RME_EMODULE, "voice", "Flite has no voice %s", rmi_voice_names[voice]);
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
