#!/usr/bin/env python3
"""Run the benchmarks of a build folder one after the other and print their figures as one table, with the bars that they must meet.

A benchmark prints lines `SUBJECT KEY VALUE [KEY VALUE ...]`; everything else it prints is passed through to standard error.
Status 1 if a benchmark failed or a bar was missed.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

LINE = re.compile(r"^(\S+)((?:\s+[A-Za-z_][\w./]*\s+-?(?:\d+\.?\d*(?:e-?\d+)?|nan))+)\s*$")
UNITS = ("items_per_s", "bytes_per_s", "ratio", "us", "ns", "ms", "s", "mb", "kb", "bytes", "percent")

# (subject, key): (largest value allowed, what it says)
BARS = {
    ("session/pooled", "on_worker_p50_us"): (25, "a 640-byte packet through a session of three nodes"),
    ("rpc/640B", "p50_ratio"): (1.3, "rme.v1 echo of 640 bytes against plain gRPC C++"),
    ("rpc/1MB", "p50_ratio"): (1.3, "rme.v1 echo of 1 MB against plain gRPC C++"),
    ("module/fast_vad", "aot_us"): (15, "10 ms of audio through the detector in the engine"),
    ("module/fast_vad", "aot_ratio"): (1.6, "the same against its native build"),
    ("module/denoise", "aot_ratio"): (1.5, "noise suppression in the engine against its native build"),
    ("module/preprocess-48k", "aot_ratio"): (1.5, "48 to 16 kHz, high-pass, limiter against its native build"),
    ("module/preprocess-agc", "aot_ratio"): (1.5, "automatic gain, high-pass, limiter against its native build"),
    ("module/enhance-48k", "aot_ratio"): (1.5, "speech enhanced to 48 kHz against its native build"),
    ("module/simple_asr", "aot_share"): (0.05, "recognizing an utterance in the engine, as a share of its length"),
    ("module/simple_asr", "aot_start_ms"): (50, "a new instance with its model, until it can recognize"),
    ("wasm/entry", "p50_ns"): (300, "into a guest and out again, with deadline and guarded stack"),
    ("wasm/instance", "new_p50_us"): (50, "a new instance"),
    ("wasm/cold_start", "p50_ms"): (20, "load the engine and a compiled module, first item"),
    ("wasm/arrival", "p50_ms"): (200, "a module of 58 KB of code that nobody has compiled, to its first result"),
    ("wasm/stop", "p99_us"): (1000, "a runaway guest, from its deadline to its end"),
    ("wasm/suspend", "p50_ns"): (1000, "a guest that waits for a service: suspended and resumed"),
    ("wasm/suspend", "waiting_kb"): (24, "memory of a guest while it waits, of 1,000"),
    ("frozen/answers", "p50_ratio"): (1.3, "1,000 sessions beside one that waits for a frozen service, against nobody waiting"),
    ("windows/1080p", "in_ratio"): (0.2, "a frame of 6.2 MB to a module that looks at little of it, against a copy"),
    ("windows/1080p", "out_ratio"): (0.2, "the same from a module"),
    ("wasm/density", "new_p50_us"): (15, "a new instance, of 8,000 in one process"),
    ("wasm/density", "rss_kb"): (24, "memory of each of them after an item"),
    ("wasm/sessions", "late_p99_us"): (5000, "1,000 sessions, 50 items a second each, 2 workers: from due to verdict, in the median second"),
    ("wasm/sessions", "cpu_percent"): (60, "of 2 cores, the caller's thread included"),
    ("isolation/paced", "added_p50_us"): (60, "20 ms of speech in a process of the module's own, against the same in this one"),
    ("isolation/restart", "worst_ms"): (500, "from the kill of a module's process until an item goes through again"),
    ("run/no_modules", "rss_mb"): (25, "most memory of rme run without modules"),
    ("route/decide", "p50_ns"): (1000, "one routing decision"),
    ("route/update", "p50_ns"): (1000, "learning from one item"),
}


def unit_of(key):
    """The unit that a key ends in, and the key without it."""
    for unit in UNITS:
        if key == unit or key.endswith("_" + unit):
            return key[: -len(unit)].rstrip("_") or key, unit.replace("_per_", "/")
    return key, ""


def run(name, command, env):
    """Figures of one benchmark as (subject, key, value), and whether it ended well."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env})
    figures = []
    for row in done.stdout.splitlines():
        m = LINE.match(row)
        if not m:
            print(row, file=sys.stderr)
            continue
        words = m.group(2).split()
        figures += [(m.group(1), key, float(value)) for key, value in zip(words[::2], words[1::2])]
    if done.returncode != 0:
        print(f"{name} failed with status {done.returncode}", file=sys.stderr)
    return figures, done.returncode == 0 and bool(figures)


def show(figures):
    """Print the table; returns how many bars were missed."""
    missed = 0
    last = None
    for subject, key, value in figures:
        bar = BARS.get((subject, key))
        verdict = ""
        if bar:
            good = value <= bar[0]
            missed += not good
            verdict = f"  {'ok' if good else 'MISSED'}: at most {bar[0]:g} ({bar[1]})"
        label, unit = unit_of(key)
        print(f"{subject if subject != last else '':34} {label:28} {value:>14,.6g} {unit:9}{verdict}".rstrip())
        last = subject
    return missed


def main():
    build, out, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    listed = json.loads(subprocess.run(["meson", "introspect", build, "--benchmarks"], capture_output=True, check=True).stdout)
    chosen = [b for b in listed if not names or b["name"] in names]
    unknown = set(names) - {b["name"] for b in listed}
    if unknown or not chosen:
        print(f"no benchmark is called {', '.join(sorted(unknown)) or 'anything'}; there are: {', '.join(b['name'] for b in listed)}")
        return 2
    figures, good = [], True
    for bench in chosen:
        print(f"== {bench['name']}", file=sys.stderr, flush=True)
        found, ended_well = run(bench["name"], bench["cmd"], bench["env"])
        figures += found
        good = good and ended_well
    missed = show(figures)
    rows = [{"subject": s, "key": k, "value": v} for s, k, v in figures]
    pathlib.Path(out).write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{len(figures)} figures, {missed} bars missed" + ("" if good else "; not every benchmark ended well"))
    return 0 if good and not missed else 1


if __name__ == "__main__":
    sys.exit(main())
