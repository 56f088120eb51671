#!/usr/bin/env bash
# run.sh [-s] - resamplers and levels beside soxr, speexdsp and libebur128. -s: what takes seconds.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [[ ! -f build/build.ninja ]]; then meson setup build >/dev/null; fi
ninja -C build eval/resample_eval eval/loudness_eval >/dev/null || {
  echo "eval/audio: cannot build; are the packages of 'scripts/setup.sh eval' installed?" >&2
  exit 1
}
build/eval/resample_eval "$@"
exec build/eval/loudness_eval "$@"
