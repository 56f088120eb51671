"""Functions that are unsafe, keep hidden state, or do not belong into a library."""

import re

from tree import line_of

BANNED = {
    "strcpy|strcat|stpcpy|sprintf|vsprintf|gets": "no bound: use snprintf, memcpy with a checked length, or a cursor",
    "strncpy|strncat": "may leave the text unterminated: use snprintf",
    "atoi|atol|atoll|atof": "no errors: use strtol, strtod with a check",
    "strtok|asctime|ctime|gmtime|localtime|readdir_r": "hidden state: use the _r form or a cursor",
    "rand|srand|random|srandom|drand48": "global state: use a generator with its own state",
    "system|popen": "runs a shell: use posix_spawn",
    "alloca|__builtin_alloca": "unbounded stack: allocate, or use a fixed size",
    "tmpnam|tempnam|mktemp": "race: use mkstemp or O_TMPFILE",
    "signal": "unclear semantics: use sigaction or signalfd",
    "vfork|longjmp|siglongjmp": "not in this project",
}
# Not in a library: these belong to the command (src/cli) and to tests.
COMMAND_ONLY = {
    "exit|abort": "a library returns errors",
    "printf|puts|putchar|perror": "a library does not write to the caller's terminal",
    "setenv|putenv|unsetenv|setlocale|chdir|umask": "changes the process of the caller",
}
# Programs of others do it: the test that is one of those may.
MAY_JUMP = {"tests/integration/wasm_hosts/test_handlers.c"}
TESTS_ONLY_BANNED = {"sleep|usleep|nanosleep|clock_nanosleep": "a test waits for an event, never for a time"}
SUFFIXES = (".c", ".h")


def _pattern(table):
    return [(re.compile(r"(?<![\w.>])(" + names + r")\s*\("), why) for names, why in table.items()]


def check(tree):
    """Calls of banned functions."""
    everywhere, library, tests = _pattern(BANNED), _pattern(COMMAND_ONLY), _pattern(TESTS_ONLY_BANNED)
    findings = []
    for path in tree.files(SUFFIXES, ("src/", "include/", "modules/", "tests/", "bench/", "examples/")):
        rules = list(everywhere)
        if path.startswith(("src/", "include/")) and not path.startswith("src/cli/"):
            rules += library
        if path.startswith("tests/"):
            rules += tests
        code = tree.code(path)
        for pattern, why in rules:
            found = [m for m in pattern.finditer(code) if not (m.group(1) == "siglongjmp" and path in MAY_JUMP)]
            findings += [f"{path}:{line_of(code, m.start())}: {m.group(1)}(): {why}" for m in found]
    return findings
