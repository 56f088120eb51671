#!/usr/bin/env bash
# fetch-training.sh [DIR] - get what eval/vad/train.sh learns from: recordings in Debian packages, unpacked (not installed)
# into DIR (default build/vad-training) and decoded to 16 kHz s16le. Needs apt, dpkg-deb, ffmpeg, gresource.
# speech/  people speaking twelve languages; other speakers, microphones and texts than those of the test set
# noise/   animals, machines and weather; music
# heldout/ noise of other kinds, which eval/vad/run.sh tests with and no training sees
set -euo pipefail
dir=${1:-build/vad-training}
packages=(asterisk-core-sounds-{en,es,fr,it,ru}-g722 asterisk-moh-opsound-g722 klettres-data ktuberling-data
  tuxpaint-stamps-default asterisk-prompt-it-menardi-wav blanket)
mkdir -p "$dir"/{deb,unpacked,speech,noise,heldout}
say() { echo "fetch-training: $*" >&2; }
for tool in apt-get dpkg-deb ffmpeg gresource; do
  command -v "$tool" >/dev/null || { say "$tool is missing (packages apt dpkg ffmpeg libglib2.0-bin)"; exit 1; }
done

for p in "${packages[@]}"; do
  if [[ -d $dir/unpacked/$p ]]; then continue; fi
  say "$p"
  (cd "$dir/deb" && apt-get -qq download "$p")
  dpkg-deb -x "$dir"/deb/"${p}"_*.deb "$dir/unpacked/$p"
done

# decode OUT FILE ... : the files one after the other, each followed by 0.3 s of silence, as one 16 kHz mono s16le file
decode() {
  local out=$1 file
  shift
  if [[ -s $out ]]; then return; fi
  for file in "$@"; do
    ffmpeg -nostdin -v error -i "$file" -ac 1 -ar 16000 -f s16le - 2>/dev/null || true
    head -c 9600 /dev/zero
  done >"$out.part"
  mv "$out.part" "$out"
}

# G.722 prompts are decoded as one stream per package: their edges are silent.
g722() {
  if [[ -s $1 ]]; then return; fi
  find "$2" -name '*.g722' -print0 | LC_ALL=C sort -z | xargs -0 cat |
    ffmpeg -nostdin -v error -f g722 -i - -ac 1 -ar 16000 -f s16le -y "$1.part"
  mv "$1.part" "$1"
}

for lang in en es fr it ru; do g722 "$dir/speech/prompts-$lang.s16" "$dir/unpacked/asterisk-core-sounds-$lang-g722"; done

# every N-th file of a sorted find
pick() {
  local n=$1
  shift
  find "$@" -print | LC_ALL=C sort | awk -v n="$n" 'NR % n == 0'
}
mapfile -t files < <(pick 2 "$dir/unpacked/klettres-data" -name '*.ogg')
decode "$dir/speech/letters.s16" "${files[@]}"
mapfile -t files < <(pick 3 "$dir/unpacked/ktuberling-data" -name '*.ogg')
decode "$dir/speech/words.s16" "${files[@]}"
for lang in fr ru ro ca bg es el be; do
  mapfile -t files < <(pick 8 "$dir/unpacked/tuxpaint-stamps-default" -name "*_desc_$lang.ogg")
  decode "$dir/speech/stamps-$lang.s16" "${files[@]}"
done
mapfile -t files < <(pick 4 "$dir/unpacked/asterisk-prompt-it-menardi-wav" -name '*.wav')
decode "$dir/speech/prompts-menardi.s16" "${files[@]}"

mapfile -t files < <(find "$dir"/unpacked/tuxpaint-stamps-default/usr/share/tuxpaint/stamps/{animals,household,naturalforces,space,sports,town,vehicles,plants,food} \
  -name '*.ogg' ! -name '*_desc*' 2>/dev/null | LC_ALL=C sort)
decode "$dir/noise/effects.s16" "${files[@]}"
mapfile -t files < <(find "$dir/unpacked/asterisk-moh-opsound-g722" -name '*.g722' | LC_ALL=C sort)
for file in "${files[@]:0:4}"; do decode "$dir/noise/music-$(basename "$file" .g722).s16" "$file"; done
decode "$dir/heldout/music.s16" "${files[4]}"

bundle=$dir/unpacked/blanket/usr/share/blanket/blanket.gresource
mkdir -p "$dir/unpacked/ambient"
for path in $(gresource list "$bundle" | grep '\.ogg$'); do
  name=$(basename "$path" .ogg)
  if [[ ! -s $dir/unpacked/ambient/$name.ogg ]]; then gresource extract "$bundle" "$path" >"$dir/unpacked/ambient/$name.ogg"; fi
done
for name in storm waves birds boat stream summer-night; do decode "$dir/noise/ambient-$name.s16" "$dir/unpacked/ambient/$name.ogg"; done
for name in rain wind city train coffee-shop fireplace; do decode "$dir/heldout/$name.s16" "$dir/unpacked/ambient/$name.ogg"; done
du -sh "$dir"/{speech,noise,heldout} >&2
