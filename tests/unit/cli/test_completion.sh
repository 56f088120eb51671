#!/usr/bin/env bash
# The completion script for bash completes commands, options, words and files; those for zsh and fish parse where the
# shells are there. Called with the path of rme.
set -euo pipefail
rme=$1
failed=0

# complete_words WORD... - what is offered for the last word
complete_words() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  _rme
  echo "${COMPREPLY[*]}"
}

expect() {
  local want=$1 got
  shift
  got=$(complete_words "$@")
  if [[ " $got " != *" $want "* ]]; then
    echo "FAIL: '$*' offers '$got', not '$want'"
    failed=1
  fi
}

# shellcheck source=/dev/null
source <("$rme" completion bash)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
touch speech.yaml
expect graph rme g
expect validate rme val
expect --modules rme validate --mod
expect speech.yaml rme validate sp
expect info rme nodes in
expect always rme nodes --color al
expect zsh rme completion z
expect --json rme nodes list --js
for shell in zsh fish; do
  "$rme" completion "$shell" >script
  [[ -s script ]]
  if command -v "$shell" >/dev/null; then
    "$shell" -n script || failed=1
  fi
done
"$rme" man | grep -q '^.SH EXIT STATUS'
exit "$failed"
