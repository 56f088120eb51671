"""Signatures: ours and minisign's check each other's, and the registry's policy is kept. Arguments: the command, the repository."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

RME, ROOT = os.path.abspath(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1)).resolve()
MINISIGN = shutil.which("minisign")
REGISTRY = """version: 1
signing: {policy: POLICY, keys: [KEY]}
modules:
  gain: {category: audio, version: 1.0.0, wasm: gain.wasm, input: audio/pcm;format=s16le, output: audio/pcm;format=s16le}
"""
RUN = ["run", "p.yaml", "-i", "in.pcm", "--format", "audio/pcm;format=s16le;rate=16000;channels=1", "-o", "out.pcm", "--write", "bytes"]


class Signing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        shutil.copyfile(ROOT / "build/modules/gain.wasm", self.path / "gain.wasm")
        (self.path / "p.yaml").write_text("version: 1\nnodes: [{id: g, module: gain}]\n")
        (self.path / "in.pcm").write_bytes(bytes(320))

    def run_it(self, *words, stdin=""):
        return subprocess.run([str(w) for w in words], cwd=self.path, input=stdin, capture_output=True, text=True, check=False, timeout=120)

    def ok(self, *words, **more):
        done = self.run_it(*words, **more)
        self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def keys(self):
        return self.ok(RME, "modules", "keygen").strip()

    def test_our_keys_and_signatures(self):
        key = self.keys()
        self.assertTrue(key.startswith("RW"))
        self.assertEqual((self.path / "rme.key").stat().st_mode & 0o777, 0o600)
        self.assertNotEqual(self.run_it(RME, "modules", "keygen").returncode, 0)  # never over a key that is there
        self.ok(RME, "modules", "sign", "gain.wasm")
        self.ok(RME, "modules", "verify", "--key", key, "gain.wasm")
        self.ok(RME, "modules", "verify", "--key", "rme.pub", "gain.wasm")
        with (self.path / "gain.wasm").open("ab") as f:
            f.write(b"\0\2\1x")
        self.assertIn("not of these bytes", self.run_it(RME, "modules", "verify", "--key", key, "gain.wasm").stderr)
        (self.path / "rme.key").unlink()
        (self.path / "rme.pub").unlink()
        other = self.keys()
        self.assertIn("not trusted", self.run_it(RME, "modules", "verify", "--key", other, "gain.wasm").stderr)

    @unittest.skipUnless(MINISIGN, "no minisign here")
    def test_minisign_checks_ours(self):
        self.keys()
        self.ok(RME, "modules", "sign", "gain.wasm", "--comment", "hello there")
        self.assertIn("hello there", self.ok(MINISIGN, "-V", "-p", "rme.pub", "-m", "gain.wasm"))
        self.ok(MINISIGN, "-S", "-s", "rme.key", "-m", "gain.wasm")  # with our key, too
        self.ok(RME, "modules", "verify", "--key", "rme.pub", "gain.wasm")

    @unittest.skipUnless(MINISIGN, "no minisign here")
    def test_we_check_minisigns(self):
        self.ok(MINISIGN, "-G", "-W", "-p", "m.pub", "-s", "m.key")
        self.ok(MINISIGN, "-S", "-s", "m.key", "-m", "gain.wasm")
        self.ok(RME, "modules", "verify", "--key", "m.pub", "gain.wasm")
        self.ok(RME, "modules", "sign", "--secret-key", "m.key", "gain.wasm")
        self.ok(MINISIGN, "-V", "-p", "m.pub", "-m", "gain.wasm")

    @unittest.skipUnless(MINISIGN, "no minisign here")
    def test_a_key_with_a_password(self):
        self.ok(MINISIGN, "-G", "-p", "m.pub", "-s", "m.key", stdin="secret\nsecret\n")
        (self.path / "pw").write_text("secret\n")
        (self.path / "wrong").write_text("guess\n")
        self.assertIn("has a password", self.run_it(RME, "modules", "sign", "--secret-key", "m.key", "gain.wasm").stderr)
        self.assertIn("wrong", self.run_it(RME, "modules", "sign", "--secret-key", "m.key", "--password-file", "wrong", "gain.wasm").stderr)
        self.ok(RME, "modules", "sign", "--secret-key", "m.key", "--password-file", "pw", "gain.wasm")
        self.ok(MINISIGN, "-V", "-p", "m.pub", "-m", "gain.wasm")

    def registry(self, policy, key):
        (self.path / "wasm-modules.yaml").write_text(REGISTRY.replace("POLICY", policy).replace("KEY", key))

    def test_the_policy(self):
        key = self.keys()
        self.registry("required", key)
        refused = self.run_it(RME, *RUN)
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertIn("module 'gain' may not run", refused.stderr)
        self.registry("warn", key)
        warned = self.run_it(RME, *RUN)
        self.assertEqual(warned.returncode, 0, warned.stderr)
        self.assertIn("there is no signature", warned.stderr)
        self.registry("off", key)
        self.assertNotIn("signature", self.run_it(RME, *RUN).stderr)
        self.ok(RME, "modules", "sign", "gain")
        self.registry("required", key)
        self.ok(RME, *RUN)
        self.assertEqual((self.path / "out.pcm").read_bytes(), bytes(320))
        signature = self.path / "gain.wasm.minisig"
        signature.write_text(signature.read_text().replace("timestamp", "timestomp"))  # the comment is signed, too
        self.assertEqual(self.run_it(RME, *RUN).returncode, 3)
        for wrong in ("", "untrusted comment: x\n", "a\nb\nc\nd\n", "\0" * 4000, "x" * 5000):
            signature.write_text(wrong)
            self.assertEqual(self.run_it(RME, *RUN).returncode, 3)


if __name__ == "__main__":
    unittest.main()
