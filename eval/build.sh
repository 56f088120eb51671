#!/usr/bin/env bash
# build.sh PROGRAM ... - build programs of eval/ for the scripts beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=("${@/#/eval/}")
if [[ ! -f build/build.ninja ]]; then meson setup build >/dev/null; fi
# The build folder may be older than the packages that these need: then look for those once more.
if ! ninja -C build -n "${targets[@]}" >/dev/null 2>&1; then meson setup --reconfigure build >/dev/null; fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
ninja -C build "${targets[@]}" >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  echo "eval: cannot build $*; are the packages of 'scripts/setup.sh build eval' installed?" >&2
  exit 1
}
