#!/usr/bin/env bash
# run.sh [NAME ...] - run the evaluations named, or all of them (make eval): each prints its tables. Fails if one of them misses a
# floor, or cannot run. One alone, with its options (a short version, for example): eval/NAME/run.sh.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
names=("$@")
if [[ ${#names[@]} == 0 ]]; then
  for script in */run.sh; do names+=("${script%/run.sh}"); done
fi
missed=()
for name in "${names[@]}"; do
  if [[ ! -x $name/run.sh ]]; then
    echo "eval: there is no evaluation '$name'; there are: $(printf '%s ' */run.sh | sed 's#/run.sh##g')" >&2
    exit 2
  fi
  echo "== $name"
  "$name/run.sh" || missed+=("$name")
done
if [[ ${#missed[@]} -gt 0 ]]; then
  echo "not held: ${missed[*]}"
  exit 1
fi
echo "all held: ${names[*]}"
