#!/usr/bin/env bash
# run.sh [--json] [--rounds N] - what modules cost beside other ways to run them, in one table (make bench-wasm). Builds what it needs.
# The figures are of this machine; what can be compared are the ratios within one run. Writes out/bench-wasm.txt or .json too.
set -euo pipefail
cd "$(dirname "$0")/../.."

{
  scripts/setup.sh build test bench
  if [[ ! -f build-bench/build.ninja ]]; then
    meson setup build-bench -Dbuildtype=release -Doptimization=2 -Dbench=true
  fi
  ninja -C build-bench -j "$(nproc)" bench-wasm-sides meson-benchmark-prereq
  scripts/build-modules.sh
} >&2
mkdir -p out
export RME_AOTC=$PWD/build-bench/rme-aotc
kind=txt
for word in "$@"; do if [[ $word == --json ]]; then kind=json; fi; done
python3 -B bench/wasm/compare.py --build build-bench "$@" build-bench/bench/wasm build-bench/bench/wasm/modules build/modules/fast_vad.wasm \
  tests/vectors/vad/sentence.s16le | tee "out/bench-wasm.$kind"
