#!/usr/bin/env bash
# build-modules.sh [-n] [-f] [--check] [NAME ...] - build WebAssembly modules out of wasm-modules.yaml into build/modules,
# all of them where none is named, and pin their hashes in wasm-modules.lock. Builds only what changed.
# -f builds all the same; --check fails where the lock would change (the bytes are not what was pinned).
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 -B scripts/modules/build.py "$@"
