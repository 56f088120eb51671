#ifndef RMI_TEST_SPEECH_DATA_H
#define RMI_TEST_SPEECH_DATA_H

/** @file Real speech and models that Debian packages install. */

#define MODEL_DIR  "/usr/share/pocketsphinx/model/en-us/"
#define SPEECH_DIR "/usr/share/pocketsphinx/test/data/" /* package pocketsphinx-testdata */

#endif
