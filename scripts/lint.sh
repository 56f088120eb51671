#!/usr/bin/env bash
# lint.sh [CHECK ...] - check the style rules of CONTRIBUTING.md; without arguments all of them (make lint).
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 -B scripts/lint/run.py "$@"
