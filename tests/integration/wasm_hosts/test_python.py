#!/usr/bin/env python3
"""Modules in a Python process: its fault handler, its signal handlers and its threads go on working."""

import pathlib
import signal
import subprocess
import sys
import unittest

LIBRARY, MODULE = sys.argv[1:3]
del sys.argv[1:3]

# What each process starts with. A guest's failure is an exception.
PRELUDE = f"""
import ctypes, faulthandler, os, signal, sys, threading, time
host = ctypes.CDLL({LIBRARY!r})
host.wh_error.restype = host.wh_guard.restype = ctypes.c_char_p
def ask(name, *args):
    if getattr(host, "wh_" + name)(*args) != 0:
        raise RuntimeError(host.wh_error().decode())
def use_guests(times=50):
    for _ in range(times):
        ask("echo")
        ask("trap")
    ask("loop")
def start():
    ask("start", {MODULE!r}.encode())
def crash_here():
    host.wh_fault()
"""


def run(body):
    """Run Python with the prelude. @return status (negative: the signal it died of) and standard error"""
    done = subprocess.run([sys.executable, "-c", PRELUDE + body], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    return done.returncode, done.stderr


class Python(unittest.TestCase):
    def expect_fine(self, body):
        status, said = run(body)
        self.assertEqual((status, said), (0, ""))

    def expect_report(self, body):
        status, said = run(body)
        self.assertEqual(status, -signal.SIGSEGV, said)
        self.assertIn("Fatal Python error: Segmentation fault", said)
        self.assertRegex(said, r"line \d+ in crash_here")
        self.assertEqual(said.count("Fatal Python error"), 1, said)

    def test_without_faulthandler(self):
        self.expect_fine("start()\nuse_guests()\nask('stop')")
        status, said = run("start()\nuse_guests()\ncrash_here()")
        self.assertEqual((status, said), (-signal.SIGSEGV, ""))

    def test_faulthandler_from_before(self):
        self.expect_fine("faulthandler.enable()\nstart()\nuse_guests()")
        self.expect_report("faulthandler.enable()\nstart()\nuse_guests()\ncrash_here()")

    def test_faulthandler_from_after(self):
        self.expect_fine("start()\nfaulthandler.enable()\nuse_guests()")
        self.expect_report("start()\nuse_guests()\nfaulthandler.enable()\nuse_guests()\ncrash_here()")

    def test_signals_of_the_program(self):
        self.expect_fine(
            """
start()
seen = []
for sig in (signal.SIGUSR1, signal.SIGALRM, signal.SIGURG):
    signal.signal(sig, lambda number, frame: seen.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for _ in range(20):
    use_guests(5)
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGURG)
signal.setitimer(signal.ITIMER_REAL, 0)
assert seen.count(signal.SIGUSR1) == 20 and seen.count(signal.SIGURG) >= 20 and signal.SIGALRM in seen, seen
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
except KeyboardInterrupt:
    pass
use_guests()
"""
        )

    def test_threads(self):
        self.expect_fine(
            """
faulthandler.enable()
start()
failed = []
def work():
    try:
        use_guests(200)
    except RuntimeError as e:
        failed.append(e)
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
assert not failed, failed
"""
        )

    def test_a_child_of_fork_is_refused(self):
        self.expect_fine(
            """
start()
use_guests()
import warnings
warnings.simplefilter("ignore")  # Python says itself that threads and fork() do not go together
pid = os.fork()
if pid == 0:
    refused = host.wh_echo() != 0 and b"fork" in host.wh_error()
    os._exit(0 if refused else 1)
assert os.waitpid(pid, 0)[1] == 0
use_guests()
"""
        )


if __name__ == "__main__":
    assert pathlib.Path(LIBRARY).exists() and pathlib.Path(MODULE).exists()
    unittest.main()
