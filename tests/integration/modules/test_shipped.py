#!/usr/bin/env python3
"""The modules that are shipped, in the real engine: edge and cloud give the same bytes, hybrid_vad with and without its
service, and the modules of the guide docs/guide/writing-a-module.md as a reader would type them.
Arguments: the command, the repository, clang."""

import array
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import wave

RME = os.path.abspath(sys.argv.pop(1))
ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
CLANG = sys.argv.pop(1)

NATIVE = """version: 1
input: {chunk: CHUNK}
nodes:
  - id: vad
    node_type: VoiceActivityDetector
"""
TWIN = """version: 1
input: {chunk: 20ms}
endpoints: {cloud: "ADDRESS"}
services: {VoiceActivityDetector: cloud}
nodes:
  - {id: vad, node_type: hybrid_vad, params: DOUBT}
"""
DOUBT = json.dumps({"doubt_low": 0, "doubt_high": 1})  # every item is doubtful


ASSET_REGISTRY = """version: 1
modules:
  echo:
    category: text
    version: 1.0.0
    wasm: echo.wasm
    isolation: LEVEL
    input: text/plain
    output: text/plain
    params:
      big: {type: asset, default: "", max: 4MB}
      model: {type: asset, default: model, files: [one, "two?"], install: models-en}
      none: {type: asset, default: ""}
    limits: {memory: 6MiB}
"""
ASSET_MODULE = r"""
#include "rme_module.h"
struct echo { uint8_t said[200]; struct rme_out out; int given; };
static int
echo_asset(struct echo *s, struct rme_asset a)
{
	if (a.bytes.len == 0) {
		return rme_fail(RME_GUEST_FAILED, "empty");
	}
	s->out.data = s->said;
	s->out.cap = sizeof s->said;
	rme_put(&s->out, a.name, a.name_len);
	rme_put_text(&s->out, "/");
	rme_put_uint(&s->out, a.bytes.len);
	rme_put_text(&s->out, "/");
	rme_put(&s->out, a.bytes.data + a.bytes.len - 1, 1);
	rme_put_text(&s->out, " ");
	return (uintptr_t)a.bytes.data % 16 != 0 ? rme_fail(RME_GUEST_FAILED, "not aligned") : RME_GUEST_OK;
}
static int
echo_configure(struct echo *s, struct rme_params *p)
{
	s->given = rme_param_bool(p, "big", 0, "big") + rme_param_bool(p, "none", 0, "none");
	return RME_GUEST_OK;
}
static int
echo_process(struct echo *s, struct rme_in in, struct rme_out *out)
{
	if (in.len > 1) {
		__builtin_trap();
	}
	rme_put(out, s->said, s->out.len);
	rme_put_text(out, "given ");
	rme_put_uint(out, (uint64_t)s->given);
	return RME_GUEST_OK;
}
RME_MODULE(struct echo, .configure = echo_configure, .process = echo_process, .result_bytes = 256)
RME_MODULE_ASSET(echo_asset)
"""


def noisy_sentence():
    """The sentence of the golden vectors in noise, with pauses around it."""
    pcm = array.array("h", bytes(32000))
    pcm.frombytes((ROOT / "tests/vectors/vad/sentence.s16le").read_bytes())
    pcm.extend([0] * 16000)
    seed = 9
    for i, x in enumerate(pcm):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        pcm[i] = max(-32768, min(32767, x + ((seed >> 16) - 32768) * 1500 // 32768))
    return pcm


class Shipped(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.environment = {**os.environ, "XDG_CACHE_HOME": CACHE}
        with wave.open(str(self.path / "in.wav"), "wb") as w:
            w.setparams((1, 2, 16000, 0, "NONE", ""))
            w.writeframes(noisy_sentence().tobytes())

    def rme(self, *args, stdin=None):
        r = subprocess.run([RME, *map(str, args)], cwd=self.path, input=stdin, capture_output=True, text=True, timeout=200,
            check=False, env=self.environment)
        self.assertEqual(r.returncode, 0, f"rme {' '.join(map(str, args))}\n{r.stderr}")
        return r.stdout

    def call(self, module, *args):
        return self.rme("call", module, "--modules", ROOT / "wasm-modules.yaml", "-i", "in.wav", *args)

    def test_the_module_and_the_node_print_the_same_bytes(self):
        for chunk in ("20ms", "7ms", "330ms"):
            (self.path / "native.yaml").write_text(NATIVE.replace("CHUNK", chunk))
            there = self.rme("run", "native.yaml", "-i", "in.wav")
            here = self.call("fast_vad", "--chunk", chunk)
            self.assertEqual(here, there)
            spoken = [json.loads(line)["is_speech"] for line in here.splitlines()]
            self.assertGreater(spoken.count(True), len(spoken) // 3)
            self.assertGreater(spoken.count(False), len(spoken) // 8)

    def sources(self, *args):
        return [json.loads(line)["source"] for line in self.call("hybrid_vad", "-p", DOUBT, *args).splitlines()]

    def test_hybrid_vad_with_its_service(self):
        serve = subprocess.Popen([RME, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True, env=self.environment)
        self.addCleanup(lambda: (serve.kill(), serve.wait(), serve.stderr.close()))
        address = next(line.split(" on ")[1].split()[0] for line in serve.stderr if line.startswith("serving "))
        self.assertEqual(set(self.sources("-s", f"VoiceActivityDetector={address}")), {"cloud"})
        there = self.call("hybrid_vad", "-p", DOUBT, "-s", f"VoiceActivityDetector={address}")
        (self.path / "twin.yaml").write_text(TWIN.replace("DOUBT", DOUBT).replace("ADDRESS", address))
        self.assertEqual(self.rme("run", "twin.yaml", "-i", "in.wav"), there)

    def test_hybrid_vad_alone(self):
        sources = self.sources()
        self.assertEqual(set(sources), {"edge-offline"})
        self.assertEqual(len(sources), (len(noisy_sentence()) + 319) // 320)

    def test_gain_doubles(self):
        self.call("gain", "-p", '{"db": 6.02}', "-o", "out.wav")
        with wave.open(str(self.path / "out.wav")) as w:
            out = array.array("h", w.readframes(w.getnframes()))
        for got, was in zip(out, noisy_sentence()):
            self.assertAlmostEqual(got, max(-32768, min(32767, 2 * was)), delta=2)

    def test_a_module_gets_its_files(self):
        for level in ("inproc", "process"):
            with self.subTest(level):
                self.gets_its_files(level)

    def gets_its_files(self, level):
        (self.path / "echo.c").write_text(ASSET_MODULE)
        subprocess.run([CLANG, "--target=wasm32-wasi", "-Wall", "-Wextra", "-Werror", "-O3", "-nostartfiles", "-Wl,--no-entry",
            f"-I{ROOT}/modules/sdk/c", "-o", "echo.wasm", "echo.c"], cwd=self.path, check=True)
        (self.path / "wasm-modules.yaml").write_text(ASSET_REGISTRY.replace("LEVEL", level))
        (self.path / "model").mkdir(exist_ok=True)
        (self.path / "model/one").write_text("ONE")
        (self.path / "big").write_bytes(b"0123456789" * 300000)
        (self.path / "p.yaml").write_text("version: 1\nnodes: [{id: m, module: echo, params: {big: big}}]\n")
        (self.path / "in.txt").write_text("x\n")
        self.assertEqual(self.rme("run", "p.yaml", "-i", "in.txt"), "big/3000000/9 model/one/3/E given 1\n")
        (self.path / "in.txt").write_text("x\ntrap\nx\n")  # an instance that is made anew gets them anew
        out = subprocess.run([RME, "run", "p.yaml", "-i", "in.txt"], cwd=self.path, capture_output=True, text=True, check=False)
        self.assertEqual(out.stdout, "big/3000000/9 model/one/3/E given 1\n" * 2)
        self.assertIn("trap", out.stderr)
        (self.path / "model/one").unlink()
        self.fails("m: model not found: ", "model/one; install models-en")
        (self.path / "model/one").write_bytes(b"")
        self.fails("m: module echo: empty (status -1)")
        (self.path / "model/one").write_bytes(bytes(7 << 20))
        self.fails("bytes are more than its memory limit of 6144 KiB; raise limits.memory")
        (self.path / "big").write_bytes(bytes(4_000_001))
        self.fails("m: big: ", "big: more than 4000000 bytes, the most that the module takes")

    def fails(self, *texts):
        failed = subprocess.run([RME, "run", "p.yaml", "-i", "in.txt"], cwd=self.path, capture_output=True, text=True, check=False)
        self.assertNotEqual(failed.returncode, 0)
        for text in texts:
            self.assertIn(text, failed.stderr)

    def test_the_modules_of_the_guide(self):
        gate, reverse = re.findall(r"```c\n(.*?)```", (ROOT / "docs/guide/writing-a-module.md").read_text(), re.S)
        (self.path / "gate.c").write_text(gate)
        (self.path / "reverse.c").write_text(reverse)
        subprocess.run([CLANG, "--target=wasm32", "-O2", "-nostdlib", "-Wl,--no-entry", "-o", "reverse.wasm", "reverse.c"],
            cwd=self.path, check=True)
        subprocess.run([CLANG, "--target=wasm32-wasi", "-Wall", "-Wextra", "-Werror", "-O3", "-nostartfiles", "-Wl,--no-entry",
            f"-I{ROOT}/modules/sdk/c", "-o", "gate.wasm", "gate.c"], cwd=self.path, check=True)
        self.assertEqual(self.rme("call", "reverse.wasm", "-i", "-", "--format", "text/plain", stdin="stressed"), "desserts\n")
        (self.path / "quiet.pcm").write_bytes(b"\1\0" * 500)
        self.rme("call", "gate.wasm", "-i", "quiet.pcm", "-o", "out.bin")
        self.assertEqual((self.path / "out.bin").read_bytes(), bytes(1000))


with tempfile.TemporaryDirectory() as CACHE:
    unittest.main(verbosity=1, exit=True)
