#!/usr/bin/env bash
# demo.sh - install what is missing, build, and run one recording of human speech three times (make demo):
# all in the cloud, hybrid, and hybrid with the service killed in the middle. The "cloud" is a service on this machine behind
# a simulated line of 40 ms round trip and 8 Mbit/s. Takes some minutes, mostly because speech is played at its own speed.
set -euo pipefail
cd "$(dirname "$0")/.."

out=out/demo
kill_after=15 # seconds: in the middle of the recording
rme=build/rme
started=$SECONDS
pids=()

say() { printf '\n== %s\n' "$*"; }
fail() {
  echo "demo: $*" >&2
  exit 1
}

# quietly COMMAND...: what it says is shown only if it fails.
quietly() {
  local log
  log=$(mktemp)
  "$@" >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    fail "$1 failed"
  }
  rm -f "$log"
}

cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# wait_for WORDS LOG PID: until the log has the words, as long as the process lives.
wait_for() {
  until grep -q "$1" "$2" 2>/dev/null; do
    kill -0 "$3" 2>/dev/null || fail "$(tail -n 3 "$2")"
    sleep 0.05
  done
}

start_service() {
  "$rme" serve --listen "127.0.0.1:$service_port" 2>"$out/service.log" &
  service=$!
  pids+=("$service")
  wait_for 127.0.0.1 "$out/service.log" "$service"
}

# run NAME PIPELINE
run() {
  mkdir -p "$out/$1"
  "$rme" run "examples/speech/$2" -i "$out/recording.wav" -o "$out/$1/reply.wav" --name "$1" --endpoint "cloud=127.0.0.1:$line_port" \
    --realtime --json --report "$out/$1/report.html" >"$out/$1/items.jsonl"
}

say "setup and build"
scripts/setup.sh build demo
if [[ ! -f build/build.ninja ]]; then quietly meson setup build; fi
echo "compiling ..."
quietly ninja -C build -j "$(nproc)" rme rme-aotc
scripts/build-modules.sh
"$rme" modules pack-asr examples/speech/commands.gram -o build/modules/commands.asr

say "a recording of people speaking, 48 kHz"
rm -rf "$out"
mkdir -p "$out"
python3 -B examples/speech/make_recording.py "$out/recording.wav" "$out/recording.txt"
cat "$out/recording.txt"

say "the cloud: a service, and a line of 40 ms and 8 Mbit/s to it"
read -r service_port line_port < <(python3 -B scripts/free_ports.py 2)
start_service
"$rme" wan --listen "127.0.0.1:$line_port" --to "127.0.0.1:$service_port" --delay 20ms --rate 8Mbit/s --json \
  >"$out/line.jsonl" 2>"$out/line.log" &
pids+=($!)
wait_for relaying "$out/line.log" $!
echo "service on port $service_port, line on port $line_port"

say "1 of 3: all in the cloud (the recording plays at its own speed, 26 s)"
run cloud cloud.yaml

say "2 of 3: hybrid: speech is detected and commands are recognized here, in sandboxed modules"
run hybrid hybrid.yaml

say "3 of 3: hybrid, and the service is killed after $kill_after s"
run killed hybrid.yaml &
running=$!
sleep "$kill_after"
kill -KILL "$service"
wait "$service" 2>/dev/null || true
echo "service killed"
wait "$running" || fail "the run did not complete"

"$rme" report "$out"/{cloud,hybrid,killed}/items.jsonl -o "$out/comparison.html"
say "comparison"
python3 -B scripts/demo_table.py "$out"/{cloud,hybrid,killed}/items.jsonl

say "written to $out in $((SECONDS - started)) s"
cat <<END
comparison.html                 the three runs side by side
{cloud,hybrid,killed}/report.html      timeline of a run: waveform, speech, routes, latencies
{cloud,hybrid,killed}/transcript.txt   what was understood, and what was replied
{cloud,hybrid,killed}/reply.wav        the spoken reply
END
