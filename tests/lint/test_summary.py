#!/usr/bin/env python3
"""The summary of scripts/test.sh must not lose a failure."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts" / "test_summary.py"
CMOCKA_OK = "[==========] a: Running 3 test(s).\n[  PASSED  ] 3 test(s).\n"
CMOCKA_BAD = "[  PASSED  ] 2 test(s).\n[  FAILED  ] a: 1 test(s), listed below:\n"


def summarize(rows, log=True):
    """Last line and status of the summary over one folder with these (name, result, stderr) rows."""
    with tempfile.TemporaryDirectory() as root:
        folder = pathlib.Path(root, "build")
        (folder / "meson-logs").mkdir(parents=True)
        if log:
            text = "".join(json.dumps({"name": n, "result": r, "stderr": e}) + "\n" for n, r, e in rows)
            (folder / "meson-logs" / "testlog.json").write_text(text)
        done = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True)
        return done.stdout.splitlines()[-1], done.returncode


class Summary(unittest.TestCase):
    def test_cases_are_counted(self):
        self.assertEqual(summarize([("a", "OK", CMOCKA_OK), ("b", "OK", "")]), ("4 passed, 0 failed", 0))

    def test_python_cases_are_counted(self):
        self.assertEqual(summarize([("a", "OK", "Ran 7 tests in 0.1s\n\nOK\n")]), ("7 passed, 0 failed", 0))
        self.assertEqual(summarize([("a", "FAIL", "Ran 7 tests in 0.1s\n\nFAILED (failures=1, errors=1)\n")]), ("5 passed, 2 failed", 1))

    def test_a_failed_case_fails(self):
        self.assertEqual(summarize([("a", "FAIL", CMOCKA_BAD)]), ("2 passed, 1 failed", 1))

    def test_a_crash_counts_as_failure(self):
        for result in ("FAIL", "TIMEOUT", "ERROR", "UNEXPECTEDPASS", "INTERRUPT"):
            self.assertEqual(summarize([("a", result, "")]), ("0 passed, 1 failed", 1))

    def test_no_results_are_a_failure(self):
        self.assertEqual(summarize([], log=False)[1], 1)
        self.assertEqual(summarize([])[1], 1)

    def test_skipped_is_said(self):
        self.assertEqual(summarize([("a", "OK", ""), ("b", "SKIP", "")]), ("1 passed, 0 failed, 1 skipped", 0))

    def test_nothing_but_skips_is_no_success(self):
        self.assertEqual(summarize([("b", "SKIP", "")])[1], 1)


if __name__ == "__main__":
    unittest.main()
