#!/usr/bin/env bash
# train.sh [EPOCHS] - make the pronunciation of simple_tts anew: modules/audio/simple_tts/tts_g2p_weights.h (the network that reads
# letters) and tts_exceptions.h (frequent words that it gets wrong). Uses the packages festlex-cmu and pocketsphinx-en-us.
# Deterministic: the same packages give the same files. About five minutes on one core.
set -euo pipefail
cd "$(dirname "$0")/../.."
dictionary=/usr/share/festival/dicts/cmu/cmudict-0.4.out
language_model=/usr/share/pocketsphinx/model/en-us/en-us.lm.bin
module=modules/audio/simple_tts
for file in "$dictionary" "$language_model"; do
  if [[ ! -e $file ]]; then
    echo "train: $file is missing: apt-get install --no-install-recommends festlex-cmu pocketsphinx-en-us" >&2
    exit 1
  fi
done
if [[ ! -f build/build.ninja ]]; then meson setup build >/dev/null; fi
mkdir -p build/tts-training
words=build/tts-training/words.txt
eval/tts/dictionary.py "$dictionary" >"$words"
ninja -C build eval/g2p_train >/dev/null
build/eval/g2p_train "$words" "$module/tts_g2p_weights.h" "${1:-14}"
ninja -C build eval/g2p_score eval/tts_exceptions >/dev/null
build/eval/g2p_score "$words"
build/eval/tts_exceptions "$words" "$language_model" "$module/tts_exceptions.h" 2>&1 | grep -v INFO
echo "train: done; now run scripts/build-modules.sh and eval/tts/run.sh"
