#!/usr/bin/env python3
"""Sum up the results of `meson test` in the build folders given: names what failed, then `N passed, N failed` as the last line.

A test program that reports its cases (cmocka, Python's unittest) counts with its cases, any other as one. A folder without results, and a
program that fails without naming a failed case, count as one failure: nothing is lost by a crash.
"""

import json
import pathlib
import re
import sys

PASSED = re.compile(r"\[  PASSED  \] (\d+) test\(s\)")
FAILED = re.compile(r"\[  FAILED  \] +[^\n]*?(\d+) test\(s\)")
UNITTEST = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)
UNITTEST_FAILED = re.compile(r"^FAILED \((.*)\)$", re.MULTILINE)


def count(result, output):
    """Passed, failed, skipped cases of one test program."""
    if result in ("SKIP", "IGNORED"):
        return 0, 0, 1
    passed = sum(map(int, PASSED.findall(output)))
    failed = sum(map(int, FAILED.findall(output)))
    ran = sum(map(int, UNITTEST.findall(output)))
    if ran:
        failed += sum(int(n) for row in UNITTEST_FAILED.findall(output) for n in re.findall(r"(?:failures|errors)=(\d+)", row))
        passed += max(ran - failed, 0)
    if result in ("OK", "EXPECTEDFAIL"):
        return max(passed, 1), failed, 0
    return passed, max(failed, 1), 0


def read(folder):
    """Results of one build folder as (name, result, output); none if its tests did not run."""
    log = pathlib.Path(folder, "meson-logs", "testlog.json")
    rows = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    for row in map(json.loads, rows):
        yield row["name"], row["result"], (row.get("stdout") or "") + (row.get("stderr") or "")


def main(folders):
    totals = [0, 0, 0]
    for folder in folders:
        results = list(read(folder)) or [("build", "FAIL", "")]
        counts = [0, 0, 0]
        for name, result, output in results:
            one = count(result, output)
            counts = [a + b for a, b in zip(counts, one)]
            if one[1]:
                print(f"FAILED {folder}: {name} ({result})")
            elif one[2]:
                print(f"skipped {folder}: {name}")
        print(f"{folder}: {len(results)} programs, {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped")
        totals = [a + b for a, b in zip(totals, counts)]
    print(f"{totals[0]} passed, {totals[1]} failed" + (f", {totals[2]} skipped" if totals[2] else ""))
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
