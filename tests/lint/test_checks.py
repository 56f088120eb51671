#!/usr/bin/env python3
"""Every lint check must find what it is there to find: each bad sample below is put into a small tree that is clean otherwise."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "scripts" / "lint"))

import run  # noqa: E402
from tree import Tree  # noqa: E402

GOOD = {
    "include/rme/a.h": "#ifndef RME_A_H\n#define RME_A_H\n\n#include <stddef.h>\n\nsize_t rme_a(size_t n);\n\n#endif\n",
    "src/core/a.c": '#include <rme/a.h>\n\nsize_t\nrme_a(size_t n)\n{\n\treturn n;\n}\n',
    "src/core/inner.h": "#ifndef CORE_INNER_H\n#define CORE_INNER_H\n\nint rmi_inner(void);\n\n#endif\n",
    "scripts/a.sh": "#!/bin/sh\necho a\n",
    "docs/a.md": "See [b](b.md).\n",
    "docs/b.md": "Here.\n",
    ".clang-format": (HERE.parent.parent / ".clang-format").read_text(),
}


def _function(body="", head="int\nf(int a)\n"):
    return f"{head}{{\n{body}\treturn a;\n}}\n"


BRANCHES = "".join(f"\tif (a == {i}) {{\n\t\treturn {i};\n\t}}\n" for i in range(12))

# (check, path, text, what the finding must name)
BAD = [
    ("format", "src/core/x.c", "int x(int a){return a;}\n", "src/core/x.c:1"),
    ("layers", "src/base/x.c", '#include "core/inner.h"\n', "base/ may not include core/"),
    ("layers", "src/wasm/x.c", '#include "remote/y.h"\n', "wasm/ may not include remote/"),
    ("layers", "src/serve/x.c", '#include "cli/y.h"\n', "serve/ may not include cli/"),
    ("layers", "src/core/x.c", "#include <yaml.h>\n", "only config may include"),
    ("layers", "src/remote/x.c", "#include <grpc/grpc.h>\n", "only rpc may include"),
    ("layers", "src/cli/x.c", "#  include <wasmedge/wasmedge.h>\n", "only wasm may include"),
    ("layers", "src/core/x.c", "#include <curl/curl.h>\n", "neither a system header"),
    ("layers", "src/core/x.c", '#include "inner.h"\n', "name the layer"),
    ("layers", "src/odd/x.c", "\n", "no layer"),
    ("layers", "include/rme/x.h", '#include "core/inner.h"\n', "public header"),
    ("headers", "include/rme/x.h", "size_t rme_x(void);\n", "does not compile alone with gcc"),
    ("headers", "include/rme/x.h", "#ifndef X_H\n#define X_H\nint rme_x(int class);\n#endif\n", "does not compile alone with g++"),
    ("headers", "include/rme/x.h", "struct rme_x {\n\tint a;\n};\n", "redefinition"),
    ("headers", "src/core/x.h", "uint8_t rmi_x(void);\n", "src/core/x.h:1"),
    ("budgets", "src/core/x.c", _function("\ta++;\n" * 60), "lines 6"),
    ("budgets", "src/core/x.c", _function(BRANCHES), "complexity 13"),
    ("budgets", "src/core/x.c", _function(head="int\nf(int a, int b, int c, int d, int (*e)(int, int), int g)\n"), "parameters 6"),
    ("budgets", "src/core/x.c", "\n" * 601, "601 lines"),
    ("budgets", "src/core/x.h", "\n" * 201, "201 lines"),
    ("budgets", "src/core/utils.c", "\n", "does not say"),
    ("functions", "src/core/x.c", _function("\tstrcpy(p, q);\n"), "src/core/x.c:4: strcpy()"),
    ("functions", "src/cli/x.c", _function("\tsystem (p);\n"), "system()"),
    ("functions", "src/core/x.c", _function("\texit(1);\n"), "exit()"),
    ("functions", "src/core/x.c", _function('\tprintf("a");\n'), "printf()"),
    ("functions", "tests/unit/core/x.c", _function("\tusleep(1);\n"), "usleep()"),
    ("words", "src/core/x.c", "/* TO" "DO: later */\n", "name the issue"),
    ("words", "docs/x.md", "Look in /ho" "me/me/x.\n", "path of one machine"),
    ("words", "docs/x.md", "Look in ../sha" "red/x.\n", "outside of the repository"),
    ("words", "docs/x.md", "See [c](c.md).\n", "does not exist"),
    ("words", "docs/x.md", "a \n", "space at the end"),
    ("words", "docs/x.md", "a", "no end of line"),
    ("words", "docs/x.md", "<" * 7 + " HEAD\n", "merge conflict"),
    ("words", "src/core/x.c", "int \u202ea;\n", "invisible"),
    ("spelling", "docs/x.md", "It will rec" "ieve it.\n", "docs/x.md:1"),
    ("shell", "scripts/x.sh", "#!/bin/sh\necho $1\n", "scripts/x.sh:2"),
]
GLOBALS = [
    ("static int hits;\nint f(void) { return ++hits; }\n", "hits"),
    ("int counter = 3;\n", "counter"),
    ("static _Thread_local int last;\nint f(void) { return ++last; }\n", "last"),
]
CONSTANTS = 'static const char *const names[] = {"a"};\nconst char *f(int i) { return names[i]; }\n'


def write_tree(root, files):
    for name, text in files.items():
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def compile_into(root, text):
    folder = pathlib.Path(root, "build/src/core/libcore.a.p")
    folder.mkdir(parents=True, exist_ok=True)
    obj = folder / "x.c.o"
    subprocess.run(["gcc", "-fPIE", "-c", "-xc", "-", "-o", str(obj)], input=text, text=True, check=True)


def findings(check, files):
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, files)
        return run.CHECKS[check][0](Tree(root))


class Checks(unittest.TestCase):
    def test_clean_tree_has_no_findings(self):
        for check in run.CHECKS:
            if check != "globals":
                with self.subTest(check=check):
                    self.assertEqual(findings(check, GOOD), [])

    def test_each_bad_sample_is_found(self):
        for check, path, text, expected in BAD:
            with self.subTest(check=check, path=path, expected=expected):
                found = findings(check, {**GOOD, path: text})
                self.assertTrue(any(expected in f for f in found), found)

    def test_comments_and_strings_are_not_code(self):
        text = _function('\t/* strcpy(a, b) */\n\tconst char *s = "strcpy(a, b)"; // gets(s)\n')
        self.assertEqual(findings("functions", {**GOOD, "src/core/x.c": text}), [])

    def test_allowed_includes(self):
        for path, text in (
            ("src/rpc/x.c", "#include <grpc/grpc.h>\n"),
            ("src/remote/x.c", '#include "rpc/y.h"\n'),
            ("src/nodes/x.c", "#include <sndfile.h>\n"),
            ("src/core/x.c", "#include <pthread.h>\n#include <sys/epoll.h>\n"),
        ):
            with self.subTest(path=path):
                self.assertEqual(findings("layers", {**GOOD, path: text}), [])

    def test_writable_globals_are_found_and_constants_are_not(self):
        for text, name in [*GLOBALS, (CONSTANTS, None)]:
            with self.subTest(name=name), tempfile.TemporaryDirectory() as root:
                compile_into(root, text)
                found = run.CHECKS["globals"][0](Tree(root))
                self.assertEqual(len(found), 0 if name is None else 1, found)
                self.assertTrue(name is None or name in found[0], found)

    def test_no_build_is_a_finding(self):
        self.assertNotEqual(findings("globals", GOOD), [])

    def test_every_check_has_a_bad_sample(self):
        self.assertEqual(set(run.CHECKS), {check for check, *_ in BAD} | {"globals"})


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    unittest.main()
