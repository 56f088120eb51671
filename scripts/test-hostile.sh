#!/usr/bin/env bash
# test-hostile.sh [OPTION ...] - run the hostile modules beside good sessions, 1,000 rounds, and 10 million pairs of call and
# trap (make test-hostile); prints what became of each module, and the figures of the good sessions. Some minutes.
# Options go to the program, and later ones count: --rounds N, --pairs N, --only TEXT, --interruptible, --json, --quiet.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${BUILD:-build}
ninja -C "$folder" rme-aotc tests/hostile/test_hostile_set tests/hostile/list.tsv tests/hostile/steady.wasm \
  tests/hostile/busy.wasm tests/hostile/pairs.wasm | tail -n 1 >&2
here=$folder/tests/hostile
export RME_AOTC=$folder/rme-aotc
exec "$here/test_hostile_set" --list "$here/list.tsv" --folder "$here/modules" --good "$here/steady.wasm" --busy "$here/busy.wasm" \
  --pairs-module "$here/pairs.wasm" --rounds 1000 --pairs 10000000 --alone 20000 "$@"
