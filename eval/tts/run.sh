#!/usr/bin/env bash
# run.sh [tts_eval's options] - what a recognizer understands of simple_tts, beside other voices.
set -euo pipefail
cd "$(dirname "$0")/../.."
eval/build.sh tts_eval
exec build/eval/tts_eval "$@" eval/tts/phrases.txt
