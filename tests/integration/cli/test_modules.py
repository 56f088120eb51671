#!/usr/bin/env python3
"""`rme call` and `rme modules` as a user runs them, with the real engine and a module that does what its input says."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import wave

RME = os.path.abspath(sys.argv.pop(1))
ACTS = pathlib.Path(sys.argv.pop(1)).resolve()

REGISTRY = """version: 1
modules:
  acts:
    category: text
    version: 1.2.3
    source: {lang: c, path: acts}
    wasm: acts.wasm
    input: text/plain
    output: text/plain
    params:
      depth: {type: integer, default: 3, min: 1, max: 9}
    limits: {memory: 4MiB, timeout: 200ms, result: 64KiB}
    services: [PassThroughNode]
  sound:
    category: audio
    version: 0.1.0
    source: {lang: c, path: sound}
    wasm: sound.wasm
    input: audio/pcm;format=s16le;rate=16000;channels=1
    output: audio/pcm
    limits: {memory: 4MiB, timeout: 2s, result: 64KiB}
"""


def serve_address(serve):
    """Where a service listens that took any free port: "serving 9 services on 127.0.0.1:40001 (plain text)"."""
    for line in serve.stderr:
        if line.startswith("serving "):
            return line.split(" on ")[1].split()[0]
    raise AssertionError("the service did not start")


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        # What one test compiles, the others find.
        self.environment = {**os.environ, "XDG_CACHE_HOME": CACHE}

    def registry(self, lock=True):
        (self.path / "wasm-modules.yaml").write_text(REGISTRY)
        for name in ("acts", "sound"):
            shutil.copy(ACTS, self.path / f"{name}.wasm")
        digest = hashlib.sha256(ACTS.read_bytes()).hexdigest()
        if lock:
            pins = "".join(
                f"  {n}: {{version: {v}, target: wasm32-wasip1, sha256: {digest}}}\n" for n, v in (("acts", "1.2.3"), ("sound", "0.1.0")))
            (self.path / "wasm-modules.lock").write_text(f"version: 1\nmodules:\n{pins}")
        return digest

    def write(self, name, data):
        (self.path / name).write_bytes(data)
        return name

    def rme(self, *args, stdin="", code=0, env=None):
        r = subprocess.run([RME, *map(str, args)], cwd=self.path, input=stdin, capture_output=True, text=True, timeout=120,
            check=False, env={**self.environment, **(env or {})})
        self.assertEqual(r.returncode, code, f"rme {' '.join(map(str, args))}\n{r.stdout}\n{r.stderr}")
        return r


class Call(Command):
    def test_a_file_of_no_registry_is_one_item(self):
        data = bytes(range(1, 256)) * 900  # larger than the room for results there is at first
        self.rme("call", ACTS, "-i", self.write("in.wav", data[:50000]), "-o", "out.bin")
        self.assertEqual((self.path / "out.bin").read_bytes(), data[:50000])

    def test_standard_input_is_one_item_too(self):
        data = "one\ntwo\n" * 3000 + "x"
        self.rme("call", ACTS, "-i", "-", "-o", "out.bin", stdin=data)
        self.assertEqual((self.path / "out.bin").read_text(), data)
        self.assertEqual(self.rme("call", ACTS, "-i", "-", stdin="stressed").stdout, "stressed\n")
        r = self.rme("call", ACTS, "-i", "-", stdin="\x1b[31m")
        self.assertEqual(r.stdout, "")
        self.assertIn("neither text nor JSON", r.stderr)
        self.assertIn("only once", self.rme("call", ACTS, "-i", "-", "-o", "out.bin", "--loop", "2", stdin=data, code=1).stderr)

    def test_format_makes_lines_of_it(self):
        r = self.rme("call", ACTS, "-i", "-", "--format", "text/plain", "-v", stdin="one\ntwo\n")
        self.assertEqual(r.stdout, "one\ntwo\n")
        self.assertIn("in no registry", r.stderr)

    def test_another_function(self):
        r = self.rme("call", ACTS, "--function", "handle", "-i", "-", "--format", "text/plain", stdin="one\n")
        self.assertEqual(r.stdout, "H\n")
        r = self.rme("call", ACTS, "--function", "hand", "-i", "-", "--format", "text/plain", stdin="one\n", code=5)
        self.assertIn("hand", r.stderr)

    def test_params_reach_the_module(self):
        r = self.rme("call", ACTS, "-p", '{"a": [1, "x"]}', "-i", "-", "--format", "text/plain", stdin="=\n")
        self.assertEqual(json.loads(r.stdout)["params"], {"a": [1, "x"]})
        r = self.rme("call", ACTS, "-p", '[1]', "-i", "-", "--format", "text/plain", stdin="=\n", code=3)
        self.assertIn("--params:1:1: error: this is not an object but", r.stderr)
        self.rme("call", ACTS, "-p", '{"a": ', "-i", "-", "--format", "text/plain", stdin="=\n", code=3)

    def test_registry_params_are_checked(self):
        self.registry()
        r = self.rme("call", "acts", "-i", "-", stdin="=\n")
        self.assertEqual(json.loads(r.stdout)["params"], {"depth": 3})
        r = self.rme("call", "acts", "-i", "-", "-p", '{"deep": 3}', stdin="=\n", code=3)
        self.assertIn("deep", r.stderr)

    def test_a_file_of_the_registry_is_found_as_that(self):
        self.registry()
        os.mkdir(self.path / "sub")
        for word in ("acts", "acts.wasm", "./sub/../acts.wasm", str(self.path / "acts.wasm")):
            r = self.rme("call", word, "-i", "-", "-v", stdin="x\ny\n")
            self.assertEqual(r.stdout, "x\ny\n")
            if word != "acts":
                self.assertIn("is module acts 1.2.3 of", r.stderr)

    def test_audio_is_cut_and_converted(self):
        self.registry()
        with wave.open(str(self.path / "in.wav"), "wb") as w:
            w.setnchannels(2)
            w.setsampwidth(2)
            w.setframerate(32000)
            w.writeframes(b"\1\0" * 2 * 32000)
        r = self.rme("call", "sound", "-i", "in.wav", "-o", "out.wav", "--chunk", "50ms", "--json")
        lines = [json.loads(line) for line in r.stdout.splitlines()]
        items = [x for x in lines if "item" in x and not x.get("last")]
        self.assertEqual(len(items), 20)
        self.assertIn("sound", [s["node"] for s in items[-1]["stages"]])
        with wave.open(str(self.path / "out.wav")) as w:
            self.assertEqual((w.getframerate(), w.getnchannels()), (16000, 1))
            self.assertAlmostEqual(w.getnframes(), 16000, delta=800)

    def test_exit_codes(self):
        call = lambda text, code, *more: self.rme("call", ACTS, "-i", "-", "--format", "text/plain", *more, stdin=text, code=code)
        self.assertIn("trap", call("!\n", 5).stderr)
        self.assertIn("100 ms", call("@\n", 5, "--timeout", "100ms").stderr)
        self.assertEqual(call("a\n!\nb\n", 6).stdout, "a\nb\n")
        self.assertIn("memory limit", call("x" * 300000 + "\n", 5, "--memory", "256KiB").stderr)
        self.assertIn("No such file", self.rme("call", "./no.wasm", "-i", "-", code=3).stderr)
        self.assertIn("not a WebAssembly", self.rme("modules", "inspect", self.write("bad.wasm", b"text, no code"), code=5).stdout)
        self.rme("call", "bad.wasm", "-i", "bad.wasm", code=5)

    def test_a_module_other_than_the_lock_says_is_not_run(self):
        self.registry()
        with open(self.path / "acts.wasm", "ab") as f:
            f.write(b"\0\2\1x")
        r = self.rme("call", "acts", "-i", "-", stdin="x\n", code=3)
        self.assertIn("lock file says", r.stderr)
        self.assertEqual(r.stdout, "")

    def test_limits_of_the_registry_are_not_raised(self):
        self.registry()
        self.assertIn("over the limit that the registry gives",
            self.rme("call", "acts", "-i", "-", "--timeout", "10s", stdin="x\n", code=3).stderr)

    def test_names_are_suggested(self):
        self.assertIn("there is no wasm-modules.yaml", self.rme("call", "act", "-i", "-", code=3).stderr)
        self.registry()
        self.assertIn("did you mean 'acts'?", self.rme("call", "act", "-i", "-", code=3).stderr)


class Services(Command):
    def test_a_service_that_is_not_granted_or_not_there(self):
        line = ("-i", "-", "--format", "text/plain")
        self.assertEqual(self.rme("call", ACTS, *line, stdin="?\n", code=4).stdout, "")
        self.rme("call", ACTS, *line, "-s", "PassThroughNode=127.0.0.1:1", stdin="?\n", code=4)
        self.registry()
        r = self.rme("call", "acts", "-i", "-", stdin="?\n", code=4)
        self.assertIn("nothing says where the service 'PassThroughNode' is", r.stderr)

    @unittest.skipUnless("serve" in subprocess.run([RME, "--help"], capture_output=True, text=True, check=False).stdout, "no service")
    def test_a_service_answers(self):
        serve = subprocess.Popen([RME, "serve", "-l", "127.0.0.1:0"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(serve.stdout.close)
        self.addCleanup(serve.stderr.close)
        self.addCleanup(serve.wait)
        self.addCleanup(serve.terminate)
        address = serve_address(serve)
        self.registry()
        for word in (ACTS, "acts"):
            r = self.rme("call", word, "-i", "-", "--format", "text/plain", "-s", f"PassThroughNode={address}", stdin="?who\na\n")
            self.assertEqual(r.stdout, "?who\na\n")


class Modules(Command):
    def rows(self, *more):
        return {r["name"]: r for r in map(json.loads, self.rme("modules", "list", "--json", *more).stdout.splitlines())}

    def test_list(self):
        self.assertIn("there is no wasm-modules.yaml", self.rme("modules", "list", code=3).stderr)
        self.registry()
        rows = self.rows()
        self.assertEqual(list(rows), ["acts", "sound"])
        self.assertEqual((rows["acts"]["version"], rows["acts"]["pin"], rows["acts"]["services"]), ("1.2.3", "ok", ["PassThroughNode"]))
        os.remove(self.path / "sound.wasm")
        text = self.rme("modules", "list").stdout.splitlines()
        self.assertEqual(text[0].split(), ["NAME", "VERSION", "LANGUAGE", "CATEGORY", "BYTES", "SHA256", "ISOLATION", "CACHED", "SERVICES"])
        self.assertIn("no file", text[2])

    def test_isolation(self):
        self.registry()
        self.assertEqual({r["isolation"] for r in self.rows().values()}, {"inproc"})
        os.remove(self.path / "wasm-modules.lock")
        rows = self.rows()
        self.assertEqual((rows["acts"]["isolation"], rows["acts"]["isolation_why"]), ("process", "the lock file does not pin it"))
        self.assertIn("isolation    process: no registry describes it", self.rme("modules", "inspect", self.write("x.wasm", ACTS.read_bytes() + b"\0\1\0")).stdout)
        pipeline = self.path / "p.yaml"
        pipeline.write_text("version: 1\nnodes:\n  - {id: a, module: acts, isolation: inproc}\n")
        wrong = self.rme("run", "p.yaml", "-i", "-", "--format", "text/plain", stdin="a\n", code=3).stderr
        self.assertIn("p.yaml:3:", wrong)
        self.assertIn("must run in a process of its own: the lock file does not pin it", wrong)
        self.registry()
        text = pipeline.read_text().replace("inproc", "process")
        pipeline.write_text(text)
        for line in (("run", "p.yaml"), ("call", "acts", "--isolate"), ("call", "acts")):
            self.assertEqual(self.rme(*line, "-i", "-", "--format", "text/plain", stdin="a\nb\n").stdout, "a\nb\n")

    def test_compile_is_seen_by_list(self):
        self.registry()
        with tempfile.TemporaryDirectory() as empty:
            self.environment["XDG_CACHE_HOME"] = empty
            self.assertFalse(self.rows()["acts"]["cached"])
            first = json.loads(self.rme("modules", "compile", "acts", "--json").stdout)
            again = json.loads(self.rme("modules", "compile", "acts", "--json").stdout)
            self.assertEqual((first["from_cache"], again["from_cache"]), (False, True))
            self.assertGreater(first["code_bytes"], 0)
            self.assertTrue(self.rows()["acts"]["cached"])
            self.assertIn("\n  machine code cached\n", self.rme("modules", "inspect", "acts").stdout)
            self.assertIn("cached already", self.rme("modules", "compile").stdout)

    def test_cache_is_listed_and_emptied(self):
        with tempfile.TemporaryDirectory() as empty:
            self.environment["XDG_CACHE_HOME"] = empty
            self.rme("modules", "compile", ACTS)
            rows = [json.loads(row) for row in self.rme("modules", "cache", "list", "--json").stdout.splitlines()]
            self.assertIn((3, False), [(row["level"], row["preliminary"]) for row in rows])
            self.assertIn("level 3, compiled in ", self.rme("modules", "cache", "list").stdout)
            total = sum(row["bytes"] for row in rows)
            kept = json.loads(self.rme("modules", "cache", "prune", "--max-size", str(total), "--json").stdout)
            self.assertEqual(kept["removed_files"], 0)
            self.assertIn(f"{len(rows)} files", self.rme("modules", "cache", "clear").stdout)
            self.assertEqual(self.rme("modules", "cache", "list", "--json").stdout, "")

    def test_cache_that_others_may_write_to_is_refused(self):
        with tempfile.TemporaryDirectory() as empty:
            self.environment["XDG_CACHE_HOME"] = empty
            self.rme("modules", "cache", "list")
            os.chmod(pathlib.Path(empty) / "rme/aot", 0o777)
            self.assertIn("chmod 700", self.rme("modules", "cache", "list", code=4).stderr)

    def test_compile_needs_a_cache(self):
        r = self.rme("modules", "compile", ACTS, env={"XDG_CACHE_HOME": "/dev/null"}, code=1)
        self.assertIn("/dev/null/rme/aot: compiled modules cannot be kept there", r.stderr)
        self.assertEqual(r.stdout, "")

    def test_compile_tells_what_fails_and_goes_on(self):
        r = self.rme("modules", "compile", self.write("bad.wasm", b"\0asm\1\0\0\0\x63"), ACTS, code=5)
        self.assertIn("bad.wasm", r.stderr)
        self.assertIn("acts.wasm", r.stdout)

    def test_inspect(self):
        digest = self.registry()
        custom = ACTS.read_bytes() + b"\0\x0a\4note\x1b[31m"
        self.write("more.wasm", custom)
        r = json.loads(self.rme("modules", "inspect", "more.wasm", "--json").stdout)
        self.assertEqual(r["imports"], [{"module": "env", "name": "call_remote_service", "kind": "function"}])
        self.assertIn({"name": "memory", "kind": "memory"}, r["exports"])
        self.assertEqual([c["name"] for c in r["customs"]], ["note"])
        self.assertEqual(r["admitted"]["memory_pages_min"], 2)
        self.assertIn("configure", r["admitted"]["interface"])
        self.assertEqual(r["pin"], "not pinned")
        r = json.loads(self.rme("modules", "inspect", "acts", "--json").stdout)
        self.assertEqual((r["sha256"], r["pin"], r["admitted"]["memory_pages_max"]), (digest, "ok", 64))
        self.assertIn("env.call_remote_service", self.rme("modules", "inspect", "acts").stdout)

    def test_inspect_of_what_is_refused(self):
        whole = ACTS.read_bytes()
        cut = self.rme("modules", "inspect", self.write("cut.wasm", whole[:-20]), code=5).stdout
        self.assertIn("refused", cut)
        self.assertIn("env.call_remote_service", cut)  # what could be read is shown
        alien = whole.replace(b"call_remote_service", b"call_\x1b[31m_services")
        shown = self.rme("modules", "inspect", self.write("alien.wasm", alien), code=5).stdout
        self.assertNotIn("\x1b", shown)
        self.assertIn("env.call_?[31m_services", shown)

    def test_verify(self):
        self.registry()
        self.assertEqual(len(self.rme("modules", "verify").stdout.splitlines()), 2)
        with open(self.path / "acts.wasm", "ab") as f:
            f.write(b"\0\2\1x")
        r = self.rme("modules", "verify", code=3)
        self.assertIn("the lock file says", r.stderr)
        self.assertIn("1 of 2 modules failed", r.stderr)
        self.assertIn("sound", r.stdout)
        self.rme("modules", "verify", "sound")
        lines = [json.loads(x) for x in self.rme("modules", "verify", "--json", code=3).stdout.splitlines()]
        self.assertEqual([x["ok"] for x in lines], [False, True])
        os.remove(self.path / "acts.wasm")
        self.assertIn("build-modules.sh", self.rme("modules", "verify", "acts", code=3).stderr)

    def test_verify_does_not_pass_what_nobody_pinned(self):
        self.registry(lock=False)
        self.assertIn("no lock file", self.rme("modules", "verify", code=3).stderr)

    def test_verify_of_pinned_bytes_that_are_not_admitted(self):
        self.registry()
        digest = hashlib.sha256(b"\0asm\1\0\0\0\x63").hexdigest()
        self.write("acts.wasm", b"\0asm\1\0\0\0\x63")
        lock = self.path / "wasm-modules.lock"
        lock.write_text(f"version: 1\nmodules:\n  acts: {{version: 1.2.3, target: wasm32-wasip1, sha256: {digest}}}\n")
        self.assertIn("is not admitted", self.rme("modules", "verify", "acts", code=5).stderr)

    def test_pack_asr(self):
        grammar = "#JSGF V1.0; grammar lights; public <l> = (lights | light) (on | off);"
        if pathlib.Path("/usr/share/pocketsphinx/model/en-us/en-us").exists():
            self.assertIn("lights.asr: ", self.rme("modules", "pack-asr", grammar, "-o", "lights.asr").stderr)
            self.assertEqual((self.path / "lights.asr").read_bytes()[:8], b"RMEASR1\n")
            self.assertIn("is not in the dictionary", self.rme("modules", "pack-asr", grammar.replace("off", "uff"), "-o", "x", code=3).stderr)
            self.assertIn("cannot be written", self.rme("modules", "pack-asr", grammar, "-o", "no/where", code=1).stderr)
        r = self.rme("modules", "pack-asr", grammar, "-o", "x", "--model", "nowhere", code=3)
        self.assertIn("model not found: nowhere/mdef", r.stderr)
        self.assertIn("install pocketsphinx-en-us", r.stderr)
        self.assertFalse((self.path / "x").exists())


with tempfile.TemporaryDirectory() as CACHE:
    unittest.main(verbosity=1, exit=True)
