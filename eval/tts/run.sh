#!/usr/bin/env bash
# run.sh [tts_eval's options] - what a recognizer understands of simple_tts, beside other voices.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [[ ! -f build/build.ninja ]]; then meson setup build >/dev/null; fi
ninja -C build eval/tts_eval >/dev/null
exec build/eval/tts_eval "$@" eval/tts/phrases.txt
