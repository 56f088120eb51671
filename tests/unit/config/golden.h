#ifndef TEST_GOLDEN_H
#define TEST_GOLDEN_H

/** @file Runs all files of a folder through a reader and compares what it says with the text that lies beside each. */

#include <stdio.h>

/** Reads @p path (relative to the folder, which is the working directory) and writes what there is to say to @p out. */
typedef void (*golden_fn)(const char *path, FILE *out);

/** For each NAME.yaml of @p folder: the output must be that of NAME.txt. RME_GOLDEN_WRITE=1 writes the texts anew. */
void golden_check(const char *folder, golden_fn run);

#endif
