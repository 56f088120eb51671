#!/usr/bin/env python3
"""`rme doctor` on this machine: passes as it is, and finds what is made to be wrong."""

import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import unittest

RME = sys.argv.pop(1)


def fake_version(target, version):
    """Write a copy of libwasmedge that says to be of another version. @return False where there is none to copy"""
    names = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    found = re.search(r"libwasmedge\.so\.0 .*=> (\S+)", names)
    if not found:
        return False
    code = bytearray(pathlib.Path(found.group(1)).read_bytes())
    symbols = subprocess.run(["readelf", "-W", "--dyn-syms", found.group(1)], capture_output=True, text=True, check=True).stdout
    at = int(re.search(r"([0-9a-f]+) .* WasmEdge_VersionGetMinor", symbols).group(1), 16)
    for row in subprocess.run(["readelf", "-W", "-l", found.group(1)], capture_output=True, text=True, check=True).stdout.splitlines():
        words = row.split()
        if words and words[0] == "LOAD" and int(words[2], 16) <= at < int(words[2], 16) + int(words[5], 16):
            at += int(words[1], 16) - int(words[2], 16)
            break
    minor = int(version.split(".")[1])
    code[at : at + 6] = b"\xb8" + minor.to_bytes(4, "little") + b"\xc3"  # mov eax, minor; ret
    if code.count(b"\x000.14.1\0") != 1:
        return False
    target.write_bytes(code.replace(b"\x000.14.1\0", b"\0" + version.encode() + b"\0"))
    return True


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

    def test_each_guard(self):
        for guard, states in (("auto", ("ok", "warn")), ("signals", ("ok", "warn")), ("interruptible", ("warn",))):
            with self.subTest(guard=guard):
                status, found = doctor("guard", env={"RME_GUARD": guard})
                if "guard" not in found:
                    self.skipTest("built without wasm")
                row = found["guard"]
                self.assertEqual(status, 0, row)
                self.assertIn(row["state"], states)
                self.assertEqual(row["guard"], "signals" if row["state"] == "ok" else "interruptible")
                self.assertIn(row["fibers"], ("yes", "no"))
                self.assertTrue(row["reason"] and row["fibers_reason"], row)

    def test_no_such_guard(self):
        status, found = doctor("guard", env={"RME_GUARD": "dog"})
        if "guard" not in found:
            self.skipTest("built without wasm")
        self.assertEqual((status, found["guard"]["state"]), (1, "fail"))
        self.assertIn("auto, signals or interruptible", found["guard"]["text"])

    def test_other_versions_of_the_engine(self):
        for version in ("0.15.0", "0.17.1", "0.13.0"):
            folder = self.path / version
            folder.mkdir()
            if not fake_version(folder / "libwasmedge.so.0", version):
                self.skipTest("no libwasmedge of version 0.14.1 to start from")
            status, found = doctor("wasm", "guard", env={"LD_LIBRARY_PATH": str(folder)})
            if "guard" not in found:
                self.skipTest("built without wasm")
            with self.subTest(version=version):
                if version == "0.15.0":
                    self.assertEqual(found["guard"]["state"], "warn", found)
                    self.assertEqual((found["guard"]["guard"], found["guard"]["fibers"]), ("interruptible", "no"))
                    self.assertIn("version", found["guard"]["reason"])
                else:
                    self.assertEqual((status, found["wasm"]["state"]), (1, "fail"), found)
                    self.assertIn(f"version {version} is installed, 0.14 is needed", found["wasm"]["text"])

    def test_no_compiler(self):
        status, found = doctor("compiler", env={"RME_AOTC": "/nonexistent/rme-aotc"})
        if "compiler" not in found:
            self.skipTest("built without wasm")
        self.assertEqual((status, found["compiler"]["state"]), (1, "fail"))


if __name__ == "__main__":
    unittest.main()
