#!/usr/bin/env bash
# run.sh [tts_eval's options] - what a recognizer understands of simple_tts, beside other voices.
# -q: what takes seconds (phrases of a grammar), -v: a line per phrase.
set -euo pipefail
cd "$(dirname "$0")/../.."
eval/build.sh tts_eval
exec build/eval/tts_eval "$@" eval/tts/phrases.txt
