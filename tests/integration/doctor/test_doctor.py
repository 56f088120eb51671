#!/usr/bin/env python3
"""`rme doctor` on this machine: passes as it is, and finds what is made to be wrong."""

import json
import os
import pathlib
import resource
import socket
import subprocess
import sys
import tempfile
import unittest

RME = sys.argv.pop(1)


def doctor(*options, env=None, limit=None):
    """Status, and the findings by the name of their check."""

    def prepare():
        if limit:
            resource.setrlimit(limit[0], (limit[1], limit[1]))

    done = subprocess.run([RME, "doctor", "--json", *options], stdout=subprocess.PIPE, text=True, preexec_fn=prepare, env={**os.environ, **(env or {})})
    return done.returncode, {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}


class Doctor(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def make_certificate(self, name):
        key, cert = self.path / f"{name}.key", self.path / f"{name}.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"]
            + ["-keyout", key, "-out", cert],
            check=True,
            capture_output=True,
        )
        return str(cert), str(key)

    def test_passes_here(self):
        status, found = doctor("--listen", "127.0.0.1:0")
        self.assertEqual(status, 0, found)
        self.assertEqual({row["check"] for row in found.values() if row["state"] == "fail"}, set())
        for check in ("cpu", "memory", "files"):
            self.assertIn(check, found)

    def test_text_says_what_to_do(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = subprocess.run([RME, "doctor", "port", "--listen", f"127.0.0.1:{taken.getsockname()[1]}"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"warn +port .*\n +-> a service runs there")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            _, found = doctor("port", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        self.assertEqual(found["port"]["state"], "warn")
        self.assertIn("todo", found["port"])

    def test_no_address(self):
        status, found = doctor("port", "--listen", "nowhere")
        self.assertEqual((status, found["port"]["state"]), (1, "fail"))

    def test_certificates(self):
        cert, key = self.make_certificate("a")
        _, other_key = self.make_certificate("b")
        status, found = doctor("certificates", "--cert", cert, "--key", key)
        self.assertEqual((status, found["certificates"]["state"]), (0, "ok"))
        for options in (["--cert", cert], ["--cert", cert, "--key", other_key], ["--cert", key, "--key", key], ["--cert", cert, "--key", "/nonexistent"]):
            with self.subTest(options=options):
                status, found = doctor("certificates", *options)
                self.assertEqual((status, found["certificates"]["state"]), (1, "fail"), found["certificates"])

    def test_unknown_check(self):
        self.assertEqual(subprocess.run([RME, "doctor", "stars"], capture_output=True).returncode, 2)

    def test_few_open_files(self):
        _, found = doctor("files", limit=(resource.RLIMIT_NOFILE, 512))
        self.assertEqual(found["files"]["state"], "warn")

    def test_module_cache_that_others_may_write(self):
        cache = self.path / "rme" / "aot"
        _, found = doctor("cache", env={"XDG_CACHE_HOME": self.folder.name})
        if "cache" not in found:
            self.skipTest("built without wasm")
        self.assertEqual(found["cache"]["state"], "ok")
        cache.mkdir(parents=True, exist_ok=True)
        cache.chmod(0o777)
        status, found = doctor("cache", env={"XDG_CACHE_HOME": self.folder.name})
        self.assertEqual((status, found["cache"]["state"]), (1, "fail"))

    def test_no_compiler(self):
        status, found = doctor("compiler", env={"RME_AOTC": "/nonexistent/rme-aotc"})
        if "compiler" not in found:
            self.skipTest("built without wasm")
        self.assertEqual((status, found["compiler"]["state"]), (1, "fail"))


if __name__ == "__main__":
    unittest.main()
