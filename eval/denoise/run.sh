#!/usr/bin/env bash
# run.sh [denoise_eval's options] - noise suppressors beside each other; prints the tables of docs/design/denoise.md.
# -s: what takes seconds, -p dev|test: only these recordings, -w 0|1|2: no recognition, grammars, dictation too.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [[ ! -f build/build.ninja ]]; then meson setup build >/dev/null; fi
ninja -C build eval/denoise_eval >/dev/null || {
  echo "eval/denoise: cannot build; are the packages of 'scripts/setup.sh eval' installed?" >&2
  exit 1
}
exec build/eval/denoise_eval "$@" eval/denoise
