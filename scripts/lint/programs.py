"""Checks that other programs make: format, spelling, shell scripts."""

import re
import subprocess

C_FOLDERS = ("src/", "include/", "modules/", "tests/", "bench/", "examples/")


def _run(tree, command, paths, pattern):
    if not paths:
        return []
    done = subprocess.run([*command, *paths], cwd=tree.root, capture_output=True, text=True)
    rows = (done.stdout + done.stderr).splitlines()
    findings = [re.sub(r"^\./", "", row) for row in rows if re.search(pattern, row)]
    if done.returncode != 0 and not findings:
        findings = [f"{command[0]}: {row}" for row in rows[:5]] or [f"{command[0]} failed with status {done.returncode}"]
    return findings


def check_format(tree):
    """Files that clang-format would change."""
    paths = [p for p in tree.files((".c", ".h"), C_FOLDERS) if not tree.is_generated(p)]
    return _run(tree, ["clang-format", "--dry-run", "-Werror", "--ferror-limit=1"], paths, r": error: ")


def check_spelling(tree):
    """Common misspellings."""
    paths = [p for p in tree.files((".c", ".h", ".py", ".sh", ".md", ".yaml", ".proto", ".build")) if not tree.is_generated(p)]
    ignored = tree.root / "scripts" / "lint" / "spelling-ignore.txt"
    extra = ["-I", str(ignored)] if ignored.exists() else []
    return _run(tree, ["codespell", *extra], paths, r":\d+: ")


def check_shell(tree):
    """What shellcheck finds in shell scripts."""
    paths = tree.files((".sh",)) + [p for p in tree.all_files if p == ".ci/run"]
    return _run(tree, ["shellcheck", "-f", "gcc"], paths, r":\d+:\d+: ")
