#ifndef RME_TESTS_SAMPLE_H
#define RME_TESTS_SAMPLE_H

/** @file A small run, as a session would make it. */

#include "report/run.h"

/**
 * Four items of 20 ms: speech at the edge; silence at the edge; speech that fell back to the cloud and was put into words,
 * with an answer; one that failed. Then the end of the stream. NULL where memory is out.
 */
struct rmi_run *sample_run(const char *name);

#endif
