#!/usr/bin/env bash
# run.sh [NAME ...] - build optimized, run all benchmarks or those named, one after the other, and print one table (make bench).
# The figures are of this machine; what can be compared are the ratios within one run. Writes out/bench.json too.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh build bench demo
if [[ ! -f build-bench/build.ninja ]]; then
  meson setup build-bench -Dbuildtype=release -Doptimization=2 -Dbench=true >/dev/null
fi
ninja -C build-bench -j "$(nproc)" meson-benchmark-prereq | tail -n 1
scripts/build-modules.sh >/dev/null
mkdir -p out
exec python3 -B bench/run.py build-bench out/bench.json "$@"
