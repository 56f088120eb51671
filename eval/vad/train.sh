#!/usr/bin/env bash
# train.sh [SCENES [EPOCHS]] - make modules/audio/fast_vad/vad_weights.h anew. Fetches the recordings first (some 250 MB).
# Deterministic: the same packages and the same numbers give the same weights. About ten minutes on one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
eval/vad/fetch-training.sh build/vad-training
if [[ ! -f build/build.ninja ]]; then meson setup build >/dev/null; fi
ninja -C build eval/vad_train >/dev/null
build/eval/vad_train build/vad-training modules/audio/fast_vad/vad_weights.h "${1:-6000}" "${2:-14}"
echo "train: done; now run eval/vad/vectors.sh, scripts/build-modules.sh and eval/vad/run.sh"
