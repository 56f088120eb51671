#!/usr/bin/env bash
# run.sh [-s] - resamplers and levels beside soxr, speexdsp and libebur128. -s: what takes seconds.
set -euo pipefail
cd "$(dirname "$0")/../.."
eval/build.sh resample_eval loudness_eval
status=0
build/eval/resample_eval "$@" || status=1
build/eval/loudness_eval "$@" || status=1
exit $status
