#!/usr/bin/env python3
"""compare.py [--json] [--rounds N] [--build FOLDER] SIDES MODULES FAST_VAD SENTENCE - what modules cost here, beside other ways to run them.

Every side is a process that measures a row when it is asked to, so the sides take turns, round after round, and what else the
machine does meets all of them. Shown is the least of all rounds (stops: the median of all, and the median of the rounds' 99th percentiles). Status 1
where a bar is missed.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SIDES = {
    "stock": "WasmEdge by its C API, plainly",
    "interruptible": "this engine, code that checks a flag in every loop",
    "signals": "this engine, plain code, stopped by a signal: the guard that is on by itself",
    "native": "the same source, gcc -O3",
    "v8": "the same bytes in Node.js",
}
# What is measured in programs of its own.
FURTHER = ("wasm_suspend", "wasm_isolation", "wasm_windows", "wasm_density", "wasm_sessions")
KERNELS = ("fast_vad", "fir_scalar", "fir", "fir_simd")

# row: (what it is, unit, nanoseconds or KiB per unit, rounds)
ROWS = {
    "fast_vad": ("fast_vad, 10 ms of audio", "us", 1e3, 200),
    "fast_vad_turns": ("the same, 1,000 sessions in turn", "us", 1e3, 100),
    "fir_scalar": ("FIR of 64 taps, 480 samples, module without SIMD", "us", 1e3, 40),
    "fir": ("the same, vectorized by clang", "us", 1e3, 40),
    "fir_simd": ("the same, SIMD by hand", "us", 1e3, 40),
    "entry_nop": ("call of nop()", "ns", 1, 40),
    "entry_add": ("call of add(2, 3)", "ns", 1, 100),
    "item": ("an item of one byte in and out", "ns", 1, 40),
    "host_call": ("call of the host (reads the clock)", "ns", 1, 40),
    "trap": ("an item that traps", "us", 1e3, 20),
    "instance_new": ("new instance", "us", 1e3, 20),
    "instance_free": ("end of an instance", "us", 1e3, 20),
    "idle": ("memory of an idle session", "KiB", 1, 3),
    "idle_fast_vad": ("the same, fast_vad with its tables", "KiB", 1, 3),
    "stop": ("runaway stopped after its deadline", "us", 1e3, 20),
    "cold": ("process start to first item, code cached", "ms", 1e6, 7),
}
# row: (of what, the most that it may be for the side `signals`)
BARS = {
    "fast_vad": ("ratio", 1.1),
    "fir": ("ratio", 1.1),
    "fir_simd": ("ratio", 1.0),
    "entry_nop": ("value", 200),
    "entry_add": ("value", 200),
    "host_call": ("value", 100),
    "instance_new": ("value", 15),
    "idle": ("value", 24),
    "stop": ("p99", 1000),
    "cold": ("value", 100),
}


class Side:
    """One process that answers rows."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.command = command

    def ask(self, row):
        self.process.stdin.write(row + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            sys.exit(f"compare: {' '.join(map(str, self.command))} ended in row {row}")
        return [] if answer == ["-"] else [float(word) for word in answer]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def commands(args):
    """The command of each side."""
    common = [args.modules, args.fast_vad, args.sentence]
    found = {
        "stock": [args.sides / "side_stock", *common],
        "interruptible": [args.sides / "side_guard", *common, "interruptible"],
        "signals": [args.sides / "side_guard", *common, "signals"],
    }
    node = shutil.which("node")
    if node:
        found["v8"] = [node, pathlib.Path(__file__).parent / "sides/v8.mjs", *common]
    return found


def measure_cold(args, wanted):
    """Fresh processes; each side's first start fills its cache and does not count."""
    found = {name: [] for name in SIDES}
    with tempfile.TemporaryDirectory() as cache:
        for round_ in range(wanted + 1):
            for name, command in commands(args).items():
                folder = pathlib.Path(cache) / name
                folder.mkdir(mode=0o700, exist_ok=True)
                start = time.monotonic_ns()
                with subprocess.Popen([*command, folder], stdout=subprocess.PIPE, text=True) as process:
                    said = process.stdout.readline()
                    passed = time.monotonic_ns() - start
                if said != "ready\n" or process.returncode != 0:
                    sys.exit(f"compare: {command[0]} failed")
                if round_ > 0:
                    found[name].append(passed)
    return found


def measure(args):
    """{row: {side: figures of all rounds}}"""
    sides = {name: Side(command) for name, command in commands(args).items()}
    natives = {name: Side([args.sides / f"side_native_{name}", args.sentence, name]) for name in KERNELS}
    found = {}
    for row, (what, _, _, wanted) in ROWS.items():
        rounds = args.rounds or wanted
        print(f"  {what} ...", file=sys.stderr, flush=True)
        if row == "cold":
            found[row] = measure_cold(args, rounds)
            continue
        asked = dict(sides)
        if row in natives:
            asked["native"] = natives[row]
        found[row] = {name: [] for name in SIDES}
        for round_ in range(rounds + 2):
            for name, side in asked.items():
                figures = side.ask(row)
                if round_ >= 2 or rounds < 5:  # the first two warm up
                    found[row][name] += figures
    for side in [*sides.values(), *natives.values()]:
        side.close()
    return found


def quantile(values, q):
    return sorted(values)[int(q * (len(values) - 1))]


def p99_of_rounds(values, rounds):
    """The median of the rounds' 99th percentiles: a virtual machine that is not given its processor for some milliseconds spoils a
    round, not the figure."""
    size = max(1, len(values) // rounds)
    return quantile([quantile(values[i:i + size], 0.99) for i in range(0, len(values), size)], 0.5)


def summarize(found, args):
    """One object per row: its figure for each side in the row's unit, the ratio to native, the bar."""
    rows = []
    for row, (what, unit, per, wanted) in ROWS.items():
        values = {name: v for name, v in found[row].items() if v}
        entry = {"row": row, "what": what, "unit": unit}
        if row == "stop":
            entry["values"] = {name: quantile(v, 0.5) / per for name, v in values.items()}
            entry["p99"] = {name: p99_of_rounds(v, args.rounds or wanted) / per for name, v in values.items()}
            entry["worst"] = {name: max(v) / per for name, v in values.items()}
        else:
            entry["values"] = {name: min(v) / per for name, v in values.items()}
            entry["medians"] = {name: quantile(v, 0.5) / per for name, v in values.items()}
        mine = entry["values"]
        if "native" in mine:
            entry["ratio"] = mine["signals"] / mine["native"]
        if row in BARS:
            kind, most = BARS[row]
            reached = {"ratio": entry.get("ratio"), "value": mine["signals"], "p99": entry.get("p99", {}).get("signals")}[kind]
            entry["bar"] = {"of": kind, "most": most, "reached": reached, "met": reached <= most}
        rows.append(entry)
    return rows


def cell(value):
    return "-" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def show(rows):
    print(f"{'':50}{'':5}" + "".join(f"{name:>14}" for name in SIDES) + f"{'signals/native':>16}  bar")
    for row in rows:
        lines = [(row["what"], row["values"])]
        if "p99" in row:
            lines = [(row["what"] + ", p50", row["values"]), (row["what"] + ", p99", row["p99"])]
        for what, values in lines:
            ratio = f"{row['ratio']:.2f}" if "ratio" in row else ""
            bar = row.get("bar") if what == lines[-1][0] else None
            verdict = "" if not bar else f"  {'ok' if bar['met'] else 'MISSED'}: at most {bar['most']:g}"
            cells = "".join(f"{cell(values.get(name)):>14}" for name in SIDES)
            print(f"{what:50}{row['unit']:>5}{cells}{ratio:>16}{verdict}".rstrip())
    print()
    for name, what in SIDES.items():
        print(f"{name:14} {what}")


def further(build, quiet):
    """Figures of the benchmarks that stand alone, as bench/run.py has them, and whether all is well."""
    sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
    import run  # the table of all benchmarks

    figures, good = [], True
    listed = json.loads(subprocess.run(["meson", "introspect", build, "--benchmarks"], capture_output=True, check=True).stdout)
    for bench in listed:
        if bench["name"] in FURTHER:
            print(f"  {bench['name']} ...", file=sys.stderr, flush=True)
            found, ended_well = run.run(bench["name"], bench["cmd"], bench["env"])
            figures += found
            good = good and ended_well
    if not quiet:
        print()
    missed = sum(value > run.BARS[subject, key][0] for subject, key, value in figures if (subject, key) in run.BARS)
    if not quiet:
        run.show(figures)
    return [{"subject": s, "key": k, "value": v} for s, k, v in figures], good and missed == 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, not as a table")
    parser.add_argument("--rounds", type=int, help="rounds of each row, in place of its own number")
    parser.add_argument("--build", help="build folder whose further benchmarks of modules are run too")
    for name in ("sides", "modules", "fast_vad", "sentence"):
        parser.add_argument(name, type=pathlib.Path)
    args = parser.parse_args()
    rows = summarize(measure(args), args)
    if not args.json:
        show(rows)
    more, good = further(args.build, args.json) if args.build else ([], True)
    if args.json:
        print(json.dumps({"rows": rows, "further": more}, indent=1))
    return 0 if good and all(row["bar"]["met"] for row in rows if "bar" in row) else 1


if __name__ == "__main__":
    sys.exit(main())
