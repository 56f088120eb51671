"""Each header must compile alone: public ones as strict C11 and as C++ (a flexible array at the end is fine), internal ones as the C of the project."""

import concurrent.futures
import os
import subprocess

STRICT_C = ["gcc", "-std=c11", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-Wstrict-prototypes", "-fsyntax-only", "-xc"]
STRICT_CXX = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-xc++"]
INTERNAL_C = ["gcc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-xc"]


def _compile(tree, path, command, includes):
    name = path.split("/", 1)[1]
    # Twice, so that a missing include guard shows too.
    source = f'#include "{name}"\n#include "{name}"\n'
    done = subprocess.run([*command, *(f"-I{i}" for i in includes), "-"], cwd=tree.root, input=source, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    first = next((row for row in done.stderr.splitlines() if "error" in row), done.stderr.strip()[:200])
    return [f"{path}:1: does not compile alone with {command[0]} {command[1]}: {first}"]


def check(tree):
    """Headers that need another header before them."""
    public = tree.files((".h",), ("include/",))
    internal = [p for p in tree.files((".h",), ("src/",)) if ".pb-c.h" not in tree.text(p)]
    jobs = [(p, c, ["include"]) for p in public for c in (STRICT_C, STRICT_CXX)]
    jobs += [(p, INTERNAL_C, ["include", "src", "."]) for p in internal]
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return [f for found in pool.map(lambda job: _compile(tree, *job), jobs) for f in found]
