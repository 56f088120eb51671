#!/usr/bin/env python3
"""reference.py [--check] RME [PAGE ...] - the parts of pages that the program itself writes.

Between `<!-- rme ARGUMENTS -->` and `<!-- end -->` stands what `rme ARGUMENTS` prints. Without --check the parts are
written anew; with it, a part that is not what the program prints is an error. Without pages: all of docs/."""

import pathlib
import re
import subprocess
import sys

PART = re.compile(r"(<!-- rme ([^>]*) -->\n).*?(<!-- end -->)", re.DOTALL)


def printed(rme, arguments):
    result = subprocess.run([rme, *arguments.split()], capture_output=True, text=True, check=True)
    return result.stdout.strip("\n")


def main(arguments):
    check = arguments[:1] == ["--check"]
    rme, *pages = arguments[1 if check else 0 :]
    root = pathlib.Path(__file__).resolve().parent.parent
    paths = [pathlib.Path(p) for p in pages] or sorted((root / "docs").rglob("*.md"))
    parts, stale = 0, []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        anew = PART.sub(lambda m: f"{m[1]}{printed(rme, m[2])}\n{m[3]}", text)
        parts += len(PART.findall(text))
        if anew == text:
            continue
        stale.append(path)
        if not check:
            path.write_text(anew, encoding="utf-8")
            print(f"{path}: written")
    if parts == 0:
        sys.exit("reference.py: no part found")
    if check and stale:
        sys.exit("not what the program prints (run scripts/reference.py build/rme):\n" + "\n".join(f"  {p}" for p in stale))
    print(f"{parts} parts")


main(sys.argv[1:])
