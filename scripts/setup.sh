#!/usr/bin/env bash
# setup.sh [GROUP ...] - install the Debian packages that are missing: build test demo bench docs eval (default: build test demo).
# Needs bash and apt alone, asks nothing, does nothing where nothing is missing. -n says what it would install.
set -euo pipefail

declare -A packages=(
  [build]="gcc libc6-dev make meson ninja-build pkgconf python3 libcmocka-dev
    libwasmedge-dev libgrpc-dev libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libyaml-dev libyyjson-dev
    libsndfile1-dev libsoxr-dev libpocketsphinx-dev libsphinxbase-dev flite1-dev pocketsphinx-en-us
    clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32 python3-yaml wabt cargo rustc libstd-rust-dev-wasm32 npm nodejs
    libsodium-dev"
  [test]="minisign g++ binutils clang-format pmccabe codespell shellcheck openssl procps nodejs libnode-dev
    python3-grpcio python3-protobuf python3-jsonschema libclang-rt-19-dev pocketsphinx-testdata alsa-utils libspeexdsp-dev libebur128-dev"
  [demo]="pocketsphinx-testdata alsa-utils procps"
  [bench]="wabt g++ libgrpc++-dev libprotobuf-dev protobuf-compiler-grpc"
  [docs]="doxygen"
  [eval]="pocketsphinx-testdata alsa-utils libspeexdsp-dev libebur128-dev libwebrtc-audio-processing-dev g++ python3-numpy"
)

say() { echo "setup: $*" >&2; }

dry=no
groups=()
for word in "$@"; do
  case $word in
    -n | --dry-run) dry=yes ;;
    -h | --help)
      sed -n '2,3s/^# //p' "$0"
      exit 0
      ;;
    *)
      if [[ -z ${packages[$word]-} ]]; then
        say "no group is called '$word' (build, test, demo, bench, docs, eval)"
        exit 2
      fi
      groups+=("$word")
      ;;
  esac
done
if [[ ${#groups[@]} == 0 ]]; then groups=(build test demo); fi

wanted=()
for group in "${groups[@]}"; do
  read -r -d '' -a names <<<"${packages[$group]}" || true
  wanted+=("${names[@]}")
done

command -v dpkg-query >/dev/null || {
  say "this is no Debian system: install the equivalents of: ${wanted[*]}"
  exit 1
}
present=" $(dpkg-query -W -f='${Package}:${db:Status-Status} ' "${wanted[@]}" 2>/dev/null || true)"
missing=()
for name in "${wanted[@]}"; do
  if [[ $present != *" $name:installed "* && " ${missing[*]-} " != *" $name "* ]]; then missing+=("$name"); fi
done
if [[ ${#missing[@]} == 0 ]]; then
  say "${groups[*]}: everything is installed"
  exit 0
fi
say "${groups[*]}: installing ${#missing[@]} packages: ${missing[*]}"
if [[ $dry == yes ]]; then exit 0; fi

release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
if [[ $release != trixie ]]; then say "warning: made for Debian 13 (trixie); this is ${release:-an unknown release}"; fi
root=()
if [[ $EUID != 0 ]]; then
  command -v sudo >/dev/null || {
    say "not root and no sudo here; as root, run: apt-get install --no-install-recommends ${missing[*]}"
    exit 1
  }
  root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Another apt may be at work (automatic updates): wait for it, up to five minutes for each lock.
apt() {
  say "apt-get $1 ..."
  for _ in {1..60}; do
    if "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@" \
      >"$log" 2>&1 </dev/null; then
      return
    fi
    grep -q 'Could not get lock' "$log" || break
    sleep 5
  done
  tail -n 20 "$log" >&2
  say "apt-get $1 failed; is the package source reachable?"
  exit 1
}
start=$SECONDS
apt update
apt install -y --no-install-recommends "${missing[@]}"
say "installed in $((SECONDS - start)) s"
