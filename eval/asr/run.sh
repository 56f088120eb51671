#!/usr/bin/env bash
# run.sh [asr_eval's options] - measure speech recognizers with grammars; prints the tables of docs/design/asr.md.
# -q: only what takes seconds, -v: a line per utterance.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [[ ! -d build ]]; then meson setup build >/dev/null; fi
ninja -C build eval/asr_eval >/dev/null || {
  echo "eval/asr: cannot build eval/asr_eval; are the packages of 'scripts/setup.sh eval' installed?" >&2
  exit 1
}
exec build/eval/asr_eval "$@"
