#!/usr/bin/env python3
"""Compare runs of the speech example: demo_table.py CLOUD.jsonl HYBRID.jsonl ... (lines of `rme run --json`).

Prints one column per run, named after its folder: latency per stage, bytes, which side, why, fallbacks, lost items. Writes
transcript.txt beside each file.
"""

import collections
import json
import pathlib
import statistics
import sys

STAGES = {"vad": "detect speech, per 20 ms", "recognize": "recognize, per utterance", "speak": "speak, per reply"}
WIDTH = 22


class Run:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = self.path.parent.name
        rows = [json.loads(row) for row in self.path.read_text(encoding="utf-8").splitlines()]
        self.items = [row for row in rows if "item" in row]
        self.end = next((row["end"] for row in rows if "end" in row), None)

    def stages(self, node):
        """(time in ms until the next stage had the result, stage) of each item that the stage worked on."""
        for item in self.items:
            reached = item.get("stages", [])
            for i, stage in enumerate(reached):
                if stage["node"] == node and stage.get("packets"):
                    done = reached[i + 1]["enter_ms"] if i + 1 < len(reached) else stage["leave_ms"]
                    yield done - stage["enter_ms"], stage

    def replies(self):
        """Time in ms from the end of an utterance to its reply."""
        return [item["end_ms"] - item["submit_ms"] for item in self.items if item.get("results")]

    def total(self, key):
        return sum(stage.get(key, 0) for item in self.items for stage in item.get("stages", []))

    def routes(self, node=None):
        return [s for item in self.items for s in item.get("stages", []) if "route" in s and s.get("side") and node in (None, s["node"])]

    def transcript(self):
        for item in self.items:
            heard = [say for say in item.get("says", []) if say["node"] == "recognize"]
            replied = [say["text"] for say in item.get("says", []) if say["node"] == "reply"]
            for say, reply in zip(heard, replied + [""]):
                yield f"{say['pts_s']:7.1f} s  {say.get('side', '-'):5}  {say['text'] or '(nothing understood)'}  ->  {reply}"


def milliseconds(times):
    if not times:
        return "-"
    median, high = statistics.median(times), statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    return " / ".join(f"{t:.0f} ms" if t >= 10 else f"{t:.2f} ms" for t in (median, high))


def kilobytes(count):
    return f"{count / 1000:,.1f} kB"


def sides(run, node):
    count = collections.Counter(stage.get("side", "-") for _, stage in run.stages(node))
    return ", ".join(f"{n} {side}" for side, n in count.most_common() if side != "-") or "-"


def row(label, cells):
    print(f"{label:34}" + "".join(f"{cell:>{WIDTH}}" for cell in cells))


def lost(run):
    """Items without a verdict."""
    return run.end["submitted"] - run.end["verdicts"] if run.end else "run was cut off"


def print_figures(runs):
    row("", [run.name for run in runs])
    for node, label in STAGES.items():
        row(f"{label} (median / p95)", [milliseconds([t for t, _ in run.stages(node)]) for run in runs])
    row("end of speech to reply", [milliseconds(run.replies()) for run in runs])
    for node, label in STAGES.items():
        row(f"{label.split(',')[0]}: which side", [sides(run, node) for run in runs])
    row("sent to the cloud", [kilobytes(run.total("up")) for run in runs])
    row("received", [kilobytes(run.total("down")) for run in runs])
    row("items", [len(run.items) for run in runs])
    row("stages that fell back", [sum(s["route"].get("fell_back", False) for s in run.routes()) for run in runs])
    row("failed items", [sum(not item["ok"] for item in run.items) for run in runs])
    row("lost items (without a verdict)", [lost(run) for run in runs])


def print_reasons(run):
    """Each kind of reason with the text of one item; rare ones, the fallbacks, are as important as frequent ones."""
    why, example = collections.Counter(), {}
    for stage in run.routes():
        route = stage["route"]
        kind = (stage["node"], stage["side"], route.get("cause") or route.get("reason", ""))
        why[kind] += 1
        example.setdefault(kind, route.get("text") or route.get("reason", ""))
    for kind, n in why.most_common():
        print(f"{n:7} x  {kind[0]:10} {kind[1]:6} {example[kind]}")


def print_savings(base, run):
    """What the second run saved against the first."""
    def median(r, node):
        return statistics.median(t for t, _ in r.stages(node))

    print(f"\n{run.name} sent {1 - run.total('up') / base.total('up'):.0%} less than {base.name} and detected speech "
          f"{median(base, 'vad') / median(run, 'vad'):,.0f} times faster.")


def main():
    runs = [Run(path) for path in sys.argv[1:]]
    if not runs:
        sys.exit(__doc__)
    print_figures(runs)
    for run in runs:
        if run.routes():
            print(f"\nwhy, {run.name}:")
            print_reasons(run)
        lines = list(run.transcript())
        run.path.with_name("transcript.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if len(runs) > 1 and runs[0].total("up") and list(runs[1].stages("vad")):
        print_savings(runs[0], runs[1])
    print(f"\nwhat was understood, {runs[-1].name}:")
    print(runs[-1].path.with_name("transcript.txt").read_text(encoding="utf-8"), end="")
    return 0 if all(lost(run) == 0 for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
