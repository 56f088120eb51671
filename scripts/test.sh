#!/usr/bin/env bash
# test.sh [PART ...] - set up, build and test everything (make test), or only some parts: normal asan tsan.
#   normal  lint, unit, integration, fuzz corpora in the usual build (gcc)
#   asan    unit, integration, fuzz corpora under AddressSanitizer and UndefinedBehaviorSanitizer (clang)
#   tsan    the suites with threads under ThreadSanitizer (gcc)
# The last line says how many passed, failed, and were skipped; the status is 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

jobs=$(nproc)
started=$SECONDS
built=()

say() { printf '\n== %s (%d s)\n' "$*" $((SECONDS - started)); }

# build FOLDER MESON-OPTIONS...: configure once, build; on failure the part counts as one failed test.
build() {
  local folder=$1
  shift
  say "building $folder"
  built+=("$folder")
  rm -f "$folder/meson-logs/testlog.json"
  if [[ ! -f $folder/build.ninja ]]; then
    if ! meson setup "$folder" "$@" >"$folder.log" 2>&1; then
      tail -n 30 "$folder.log"
      return 1
    fi
  fi
  # What only tests need is not in 'all'.
  if ! ninja -C "$folder" -j "$jobs" all meson-test-prereq >"$folder.log" 2>&1; then
    grep -E -m 20 -A 5 'error|FAILED' "$folder.log" || tail -n 30 "$folder.log"
    return 1
  fi
  rm -f "$folder.log"
}

# run FOLDER TIMEOUT-FACTOR SUITE...
run() {
  local folder=$1 factor=$2 suites=()
  shift 2
  for suite in "$@"; do suites+=(--suite "$suite"); done
  say "testing $folder: $*"
  meson test -C "$folder" --no-rebuild --num-processes "$jobs" --timeout-multiplier "$factor" --print-errorlogs \
    "${suites[@]}" </dev/null 2>&1 | grep -v -E '^(ninja:|Full log|Expected|Unexpected|$)|: +0 *$'
}

part_normal() {
  build build && run build 1 lint unit integration fuzz
}

part_asan() {
  export ASAN_OPTIONS=halt_on_error=1:abort_on_error=1:detect_stack_use_after_return=0
  export UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1
  CC=clang-19 build build-asan -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 &&
    run build-asan 4 unit integration fuzz
}

part_tsan() {
  export TSAN_OPTIONS=halt_on_error=1:abort_on_error=1:second_deadlock_stack=1
  build build-tsan -Db_sanitize=thread && run build-tsan 4 threads
}

parts=("$@")
if [[ ${#parts[@]} == 0 ]]; then parts=(normal asan tsan); fi
for part in "${parts[@]}"; do
  case $part in
    normal | asan | tsan) ;;
    -h | --help)
      sed -n '2,6s/^# //p' "$0"
      exit 0
      ;;
    *)
      echo "test.sh: no part is called '$part' (normal, asan, tsan)" >&2
      exit 2
      ;;
  esac
done

scripts/setup.sh build test demo || exit 1
say "building modules"
scripts/build-modules.sh --check || exit 1
for part in "${parts[@]}"; do "part_$part"; done
say "done"
exec python3 -B scripts/test_summary.py "${built[@]}"
