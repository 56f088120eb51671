#ifndef RME_GUEST_TWIN_H
#define RME_GUEST_TWIN_H

/* The entry points as one table, rme_native_NAME. Part of rme_module.h. What no later macro defines stays a NULL. */

#include "rme_native.h"

#define RME_GUEST_JOIN_(a, b) a##b
#define RME_GUEST_JOIN(a, b)  RME_GUEST_JOIN_(a, b)
#define RME_GUEST_TEXT_(a)    #a
#define RME_GUEST_TEXT(a)     RME_GUEST_TEXT_(a)

static const rme_native_asset rme_twin_asset;
static const rme_native_pull rme_twin_next;
static const rme_native_pull rme_twin_flush;
static const rme_native_pull rme_twin_output_format;
static const rme_native_confidence rme_twin_confidence;
static const rme_native_estimate rme_twin_estimate;

extern const struct rme_native_module RME_GUEST_JOIN(rme_native_, RME_NATIVE_TWIN);

#define RME_GUEST_FACE \
	const struct rme_native_module RME_GUEST_JOIN(rme_native_, RME_NATIVE_TWIN) = { \
	    .name = RME_GUEST_TEXT(RME_NATIVE_TWIN), \
	    .size = sizeof(struct rme_guest), \
	    .configure = rme_guest_configure, \
	    .initialize = rme_guest_initialize, \
	    .process = rme_guest_process, \
	    .reset = rme_guest_reset, \
	    .cleanup = rme_guest_cleanup, \
	    .asset = &rme_twin_asset, \
	    .next = &rme_twin_next, \
	    .flush = &rme_twin_flush, \
	    .output_format = &rme_twin_output_format, \
	    .confidence = &rme_twin_confidence, \
	    .estimate = &rme_twin_estimate, \
	};

#define RME_GUEST_FACE_CONFIDENCE static const rme_native_confidence rme_twin_confidence = rme_guest_confidence;
#define RME_GUEST_FACE_ESTIMATE   static const rme_native_estimate rme_twin_estimate = rme_guest_estimate;
#define RME_GUEST_FACE_ASSET      static const rme_native_asset rme_twin_asset = rme_guest_asset;
#define RME_GUEST_FACE_PULL(name) static const rme_native_pull rme_twin_##name = rme_guest_##name;

#endif
