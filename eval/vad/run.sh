#!/usr/bin/env bash
# run.sh [vad_eval's options] - measure voice activity detectors on the test set; prints the tables of docs/design/vad.md.
# -q: what takes seconds. With -H DIR also on recorded noise; DIR is the folder `heldout` that eval/vad/fetch-training.sh makes.
set -euo pipefail
cd "$(dirname "$0")/../.."
for file in /usr/share/pocketsphinx/test/data/cards/001.wav /usr/share/sounds/alsa/Front_Center.wav; do
  if [[ ! -e $file ]]; then
    echo "eval/vad: $file is missing: apt-get install pocketsphinx-testdata alsa-utils" >&2
    exit 1
  fi
done
eval/build.sh vad_eval
exec build/eval/vad_eval "$@"
