#!/usr/bin/env bash
# vectors.sh - make tests/vectors/vad/*.json anew, after a change that is meant to change results.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [[ ! -f build/build.ninja ]]; then meson setup build >/dev/null; fi
ninja -C build eval/vad_vectors >/dev/null
build/eval/vad_vectors tests/vectors/vad/sentence.s16le >tests/vectors/vad/fast_vad.json
python3 eval/vad/compat_reference.py >tests/vectors/vad/compat.json
