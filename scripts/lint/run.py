#!/usr/bin/env python3
"""Run the lint checks: all of them, or those named. Prints what is wrong, one finding a line; status 1 if there is any."""

import argparse
import shutil
import sys
import time

import budgets
import functions
import globals as writable_globals
import headers
import layers
import programs
import words
from tree import Tree

# name: (check, programs that it needs)
CHECKS = {
    "format": (programs.check_format, ["clang-format"]),
    "layers": (layers.check, []),
    "headers": (headers.check, ["gcc", "g++"]),
    "budgets": (budgets.check, ["pmccabe"]),
    "functions": (functions.check, []),
    "globals": (writable_globals.check, ["objdump"]),
    "words": (words.check, []),
    "spelling": (programs.check_spelling, ["codespell"]),
    "shell": (programs.check_shell, ["shellcheck"]),
}
SHOWN = 40
SKIPPED = 77  # meson's status for a test that could not run


def run(name, tree):
    """Run one check, print its result; returns 0, 1 or SKIPPED."""
    check, needs = CHECKS[name]
    missing = [program for program in needs if not shutil.which(program)]
    if missing:
        print(f"{name:10} skipped: {', '.join(missing)} not installed (scripts/setup.sh)")
        return SKIPPED
    start = time.monotonic()
    findings = check(tree)
    took = time.monotonic() - start
    print(f"{name:10} {'ok' if not findings else f'{len(findings)} found'}  ({took:.1f} s)")
    for finding in findings[:SHOWN]:
        print(f"  {finding}")
    if len(findings) > SHOWN:
        print(f"  ... and {len(findings) - SHOWN} more")
    return 1 if findings else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CHECK", help=f"one of: {', '.join(CHECKS)}")
    parser.add_argument("--root", default=".", help="the checkout (default: the working folder)")
    parser.add_argument("--build", help="the build folder whose objects are looked at (default: ROOT/build)")
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in CHECKS]
    if unknown:
        parser.error(f"no check is called {unknown[0]}")
    tree = Tree(args.root, args.build)
    results = [run(name, tree) for name in args.names or CHECKS]
    if 1 in results:
        return 1
    return SKIPPED if SKIPPED in results else 0


if __name__ == "__main__":
    sys.exit(main())
