#!/usr/bin/env bash
# fuzz.sh [SECONDS [TARGET ...]] - look for inputs that break the readers of foreign bytes, 60 s each, with libFuzzer.
# New inputs that reach new code are kept under out/fuzz/TARGET; what breaks something is kept as out/fuzz/TARGET-crash-*.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
[[ $# == 0 ]] || shift
scripts/setup.sh build test
if [[ ! -f build-fuzz/build.ninja ]]; then
  CC=clang-19 meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 \
    -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
fi

targets=("$@")
if [[ ${#targets[@]} == 0 ]]; then
  for source in tests/fuzz/fuzz_*.c; do
    name=${source##*/fuzz_}
    targets+=("${name%.c}")
  done
fi
# The compiler of modules comes from the usual build: a program of its own, and not what is looked at.
[[ -f build/build.ninja ]] || meson setup build >/dev/null
ninja -C build rme-aotc | tail -n 1
export RME_AOTC=$PWD/build/rme-aotc
ninja -C build-fuzz -j "$(nproc)" "${targets[@]/#/tests/fuzz/fuzz_}" | tail -n 1

status=0
for target in "${targets[@]}"; do
  found=out/fuzz/$target
  mkdir -p "$found"
  echo "== $target, $seconds s"
  ./build-fuzz/tests/fuzz/"fuzz_$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$found-" "$found" "tests/fuzz/corpus/$target" 2>&1 | tail -n 12 || status=1
done
exit "$status"
