#!/usr/bin/env bash
# run.sh [asr_eval's options] - measure speech recognizers with grammars; prints the tables of docs/design/asr.md.
# -q: only what takes seconds, -v: a line per utterance.
set -euo pipefail
cd "$(dirname "$0")/../.."
eval/build.sh asr_eval
exec build/eval/asr_eval "$@"
