#!/usr/bin/env bash
# run.sh [denoise_eval's options] - noise suppressors beside each other; prints the tables of docs/design/denoise.md.
# -s: what takes seconds, -p dev|test: only these recordings, -w 0|1|2: no recognition, grammars, dictation too.
set -euo pipefail
cd "$(dirname "$0")/../.."
eval/build.sh denoise_eval
exec build/eval/denoise_eval "$@" eval/denoise
