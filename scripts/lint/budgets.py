"""Budgets that keep functions and files small enough to be read in one go."""

import re
import subprocess

FUNCTION_LINES = 60
COMPLEXITY = 12  # modified cyclomatic complexity: a switch counts once
PARAMETERS = 5
GIVEN = {"rme_import_call"}  # functions whose parameters are those of the module interface
FILE_LINES = 600
HEADER_LINES = 200
FOLDERS = ("src/", "include/", "modules/", "tests/", "bench/", "examples/")
VAGUE = re.compile(r"(^|/|_)(util|utils|common|helper|helpers|misc)\.[ch]$")


def _count_parameters(code, name, line):
    """Parameters of the function called name whose definition starts at line (1-based)."""
    start = sum(len(row) + 1 for row in code.split("\n")[: line - 1])
    m = re.compile(r"\b" + re.escape(name) + r"\s*\(").search(code, start)
    if not m:
        return 0
    depth, commas, offset = 1, 0, m.end()
    while depth > 0 and offset < len(code):
        depth += {"(": 1, ")": -1}.get(code[offset], 0)
        commas += code[offset] == "," and depth == 1
        offset += 1
    inside = code[m.end() : offset - 1].strip()
    return 0 if inside in ("", "void") else commas + 1


def _check_functions(tree, paths):
    out = subprocess.run(["pmccabe", *paths], cwd=tree.root, capture_output=True, text=True, check=True).stdout
    findings = []
    for row in out.splitlines():
        numbers, place, name = row.rsplit("\t", 1)[0].split("\t"), *row.rsplit("\t", 1)[1].split(": ", 1)
        complexity, lines = int(numbers[0]), int(numbers[4])
        path, line = re.match(r"(.*)\((\d+)\)$", place).groups()
        parameters = _count_parameters(tree.code(path), name, int(line))
        for what, value, limit in (
            ("lines", lines, FUNCTION_LINES),
            ("complexity", complexity, COMPLEXITY),
            ("parameters", 0 if name in GIVEN else parameters, PARAMETERS),
        ):
            if value > limit:
                findings.append(f"{path}:{line}: {name}: {what} {value} (limit {limit})")
    return findings


def check(tree):
    """Functions and files over their budget; files whose name says nothing."""
    findings = []
    measured = []
    for path in tree.files((".c", ".h", ".cc", ".py", ".sh"), FOLDERS + ("scripts/",)):
        if VAGUE.search(path):
            findings.append(f"{path}:1: the name does not say what the file is for")
        if tree.is_generated(path):
            continue
        limit = HEADER_LINES if path.endswith(".h") else FILE_LINES
        lines = tree.text(path).count("\n")
        if lines > limit:
            findings.append(f"{path}:1: {lines} lines (limit {limit})")
        if path.endswith(".c"):
            measured.append(path)
    return findings + (_check_functions(tree, measured) if measured else [])
