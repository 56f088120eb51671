"""Text that should not be in the repository, and links that lead nowhere."""

import os
import re

from tree import line_of

TEXT = (".c", ".h", ".cc", ".py", ".sh", ".md", ".yaml", ".yml", ".json", ".proto", ".build", ".options", ".txt", ".svg", "Makefile")
RULES = [
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b(?!\(#\d+\))"), "name the issue: TO" "DO(#12)"),
    (re.compile(r"(?<![\w.$}/])/(wo" r"rk|ho" r"me|roo" r"t|Us" r"ers)/[\w.]"), "path of one machine"),
    (re.compile(r"\.\./sha" r"red\b"), "path outside of the repository"),
    (re.compile(r"^(<{7} |>{7} |={7}$)", re.MULTILINE), "merge conflict"),
    (re.compile(r"[ \t]+$", re.MULTILINE), "space at the end of the line"),
    (re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"), "invisible character"),
]
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


def check(tree):
    """Unowned to-dos, machine paths, conflict markers, stray spaces, dead relative links."""
    findings = []
    for path in tree.files(TEXT):
        text = tree.text(path)
        for pattern, why in RULES:
            findings += [f"{path}:{line_of(text, m.start())}: {why}: {m.group()!r}" for m in pattern.finditer(text)]
        if text and not text.endswith("\n"):
            findings.append(f"{path}:{line_of(text, len(text))}: no end of line at the end")
        if path.endswith(".md"):
            for m in LINK.finditer(text):
                target = os.path.join(tree.root, os.path.dirname(path), m.group(1))
                if "://" not in m.group(1) and not m.group(1).startswith("mailto:") and not os.path.exists(target):
                    findings.append(f"{path}:{line_of(text, m.start())}: link to {m.group(1)}, which does not exist")
    return findings
