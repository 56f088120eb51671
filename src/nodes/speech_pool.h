#ifndef RMI_NODES_SPEECH_POOL_H
#define RMI_NODES_SPEECH_POOL_H

/**
 * @file
 * Decoders that nobody uses at the moment, kept for the next session with the same models: loading takes 0.1 to 0.9 s, and a
 * decoder remembers nothing of what it heard. Hangs on the runtime. Any thread.
 */

#include <rme/err.h>

struct rme_runtime;
struct rmi_decoder;
struct rmi_decoder_config;

enum { RMI_SPEECH_POOL_IDLE_MAX = 2 /**< a decoder for free speech holds about 100 MB */ };

/** An idle decoder of the same configuration, else a new one. Returns as rmi_decoder_open(). */
RME_NODISCARD enum rme_err rmi_speech_pool_take(
    struct rmi_decoder **out, struct rme_runtime *rt, const struct rmi_decoder_config *config, struct rme_error *err);

/** Done with it: kept, or closed where enough are kept. NULL is a no-op. */
void rmi_speech_pool_give(struct rme_runtime *rt, struct rmi_decoder *d);

#endif
