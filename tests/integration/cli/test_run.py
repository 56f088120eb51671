#!/usr/bin/env python3
"""`rme run`, `validate`, `graph` and `nodes` as a user runs them: results, exit codes, messages, signals."""

import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import wave

RME = os.path.abspath(sys.argv.pop(1))
ROOT = pathlib.Path(sys.argv.pop(1)).resolve()

PASS = "version: 1\nnodes:\n  - {id: pass, node_type: PassThroughNode}\n"
SHOUT = "version: 1\nnodes:\n  - {id: shout, node_type: TextProcessorNode, params: {operations: [uppercase]}}\n"
DOWN = "version: 1\nnodes:\n  - {id: slow, node_type: AudioTransform, params: {output_sample_rate: 8000, output_channels: 1}}\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def write(self, name, text):
        (self.path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    def sound(self, name="in.wav", seconds=1.0, rate=16000, channels=1):
        frames = int(seconds * rate)
        with wave.open(str(self.path / name), "wb") as w:
            w.setnchannels(channels)
            w.setsampwidth(2)
            w.setframerate(rate)
            samples = [(i * 37) % 2000 - 1000 for i in range(frames)]
            w.writeframes(struct.pack(f"<{frames * channels}h", *[s for s in samples for _ in range(channels)]))
        return name

    def rme(self, *args, stdin="", code=0):
        r = subprocess.run([RME, *args], cwd=self.path, input=stdin, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(r.returncode, code, f"rme {' '.join(args)}\n{r.stdout}\n{r.stderr}")
        return r

    def start(self, *args):
        return subprocess.Popen([RME, *args], cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Run(Command):
    def test_lines_in_lines_out(self):
        p = self.write("p.yaml", PASS)
        r = self.rme("run", p, "-i", "-", "--format", "text/plain", stdin="one\n\ntwo\r\nthree")
        self.assertEqual(r.stdout, "one\ntwo\nthree\n")
        self.assertIn("3 items", r.stderr)
        self.assertIn("3 ok, 0 failed", r.stderr)

    def test_quiet_says_nothing(self):
        p = self.write("p.yaml", PASS)
        r = self.rme("run", p, "-i", self.write("in.txt", "x\n"), "-q")
        self.assertEqual((r.stdout, r.stderr), ("x\n", ""))

    def test_json_has_a_line_per_item(self):
        p = self.write("p.yaml", SHOUT)
        r = self.rme("run", p, "-i", self.write("in.txt", "a\nb\n"), "-o", "out.jsonl", "--json")
        lines = [json.loads(line) for line in r.stdout.splitlines()]
        self.assertEqual(lines[0]["run"]["pipeline"], "p.yaml")
        items = [line for line in lines if "item" in line and not line.get("last")]
        self.assertEqual([i["item"] for i in items], [1, 2])
        self.assertTrue(all(i["ok"] for i in items))
        self.assertEqual(items[0]["stages"][0]["node"], "shout")
        self.assertEqual(lines[-1]["end"]["submitted"], lines[-1]["end"]["verdicts"])
        results = [json.loads(line) for line in (self.path / "out.jsonl").read_text().splitlines()]
        self.assertEqual([x["json"]["results"]["uppercase"] for x in results], ["A", "B"])
        self.assertEqual([x["item"] for x in results], [1, 2])

    def test_sound_in_sound_out(self):
        p = self.write("p.yaml", DOWN)
        self.rme("run", p, "-i", self.sound(seconds=2), "-o", "out.wav")
        with wave.open(str(self.path / "out.wav")) as w:
            self.assertEqual((w.getframerate(), w.getnchannels()), (8000, 1))
            self.assertAlmostEqual(w.getnframes() / 8000, 2, delta=0.05)

    def test_items_are_chunks(self):
        p = self.write("p.yaml", PASS.replace("nodes:", "input: {chunk: 50ms}\nnodes:"))
        count = lambda *more: json.loads(
            self.rme("run", p, "-i", self.sound(), "--json", *more).stdout.splitlines()[-1])["end"]["submitted"] - 1
        self.assertEqual(count(), 20)
        self.assertEqual(count("--chunk", "100ms"), 10)
        self.assertEqual(count("--loop", "3"), 60)

    def test_raw_samples_need_a_format(self):
        p = self.write("p.yaml", PASS)
        raw = self.write("in.raw", bytes(3200))
        self.assertIn("--format", self.rme("run", p, "-i", raw, code=1).stderr)
        self.rme("run", p, "-i", raw, "--format", "audio/pcm;format=s16le;rate=16000;channels=1", "-o", "out.raw")
        self.assertEqual((self.path / "out.raw").read_bytes(), bytes(3200))

    def test_a_folder_is_its_files(self):
        p = self.write("p.yaml", PASS)
        os.mkdir(self.path / "d")
        self.write("d/b.png", b"second")
        self.write("d/a.jpg", b"first")
        self.rme("run", p, "-i", "d", "-o", "out.bin")
        self.assertEqual((self.path / "out.bin").read_bytes(), b"firstsecond")

    def test_report_is_a_page(self):
        p = self.write("p.yaml", PASS)
        self.rme("run", p, "-i", self.sound(), "-o", "out.wav", "--report", "r.html")
        self.assertIn("<html", (self.path / "r.html").read_text())

    def test_bad_input_is_told(self):
        p = self.write("p.yaml", PASS)
        whole = (self.path / self.sound()).read_bytes()
        self.write("cut.wav", whole[: len(whole) // 2])
        self.write("lie.wav", whole[:24] + struct.pack("<I", 0) + whole[28:])
        self.write("empty.wav", b"")
        for name in ("cut.wav", "lie.wav", "empty.wav"):
            self.assertIn(name, self.rme("run", p, "-i", name, code=1).stderr)
        self.assertIn("No such file", self.rme("run", p, "-i", "nothing.wav", code=1).stderr)
        self.assertIn("does not say what it is", self.rme("run", p, "-i", p, code=1).stderr)

    def test_bad_output_is_told_before_anything_runs(self):
        p = self.write("p.yaml", PASS)
        for name in ("no/out.wav", "no/out.txt"):
            r = self.rme("run", p, "-i", self.sound(), "-o", name, code=1)
            self.assertIn(name, r.stderr)
            self.assertNotIn("items in", r.stderr)

    def test_a_closed_pipe_ends_the_run(self):
        p = self.write("p.yaml", PASS)
        big = self.write("in.txt", "line of text\n" * 200000)
        run = self.start("run", p, "-i", big)
        run.stdout.readline()
        run.stdout.close()
        self.assertEqual(run.wait(timeout=60), 1)
        self.assertIn("writing failed", run.stderr.read())
        run.stderr.close()

    def test_formats_that_do_not_fit_are_shown_at_the_node(self):
        p = self.write("p.yaml", SHOUT)
        r = self.rme("run", p, "-i", self.sound(), code=3)
        self.assertIn("p.yaml:3:5: error: node 'shout' takes", r.stderr)
        self.assertIn("      |     ^", r.stderr)


class Options(Command):
    def test_params_are_set(self):
        p = self.write("p.yaml", DOWN)
        self.rme("run", p, "-i", self.sound(), "-o", "out.wav", "-p", "slow.output_sample_rate=4000")
        with wave.open(str(self.path / "out.wav")) as w:
            self.assertEqual(w.getframerate(), 4000)

    def test_wrong_settings_are_shown(self):
        p = self.write("p.yaml", DOWN)
        sound = self.sound()
        self.assertIn("gone.wav: cannot be opened", self.rme("run", p, "-i", "gone.wav", code=1).stderr)
        cases = {
            ("-p", "slwo.output_sample_rate=1"): "the pipeline has no node 'slwo'",
            ("-p", "slow.output_rate=1"): "has no parameter 'output_rate'",
            ("-p", "slow.output_sample_rate=fast"): "--param:1:1: error",
            ("-p", "slow=1"): "this is not NODE.KEY=VALUE",
            ("-p", "slow.x.y=1"): "there is no node 'slow.x'",
            ("-m", "slow=edge_only"): "has no parameter 'mode'",
            ("-e", "cloud"): "this is not NAME=ADDRESS",
            ("-e", "cloud=127.0.0.1:99999"): "'127.0.0.1:99999' is no address with a port from 1 to 65535",
        }
        for options, text in cases.items():
            self.assertIn(text, self.rme("run", p, "-i", sound, *options, code=3).stderr)
        p = self.write("p.yaml", "version: 1\nendpoints: {cloud: 'here:1'}\nnodes:\n  - {id: far, service: PassThroughNode}\n")
        self.assertIn("--endpoint:1:1: error: cloud:", self.rme("run", p, "-i", sound, "-e", "cloud=here:0", code=3).stderr)

    def test_variables_come_from_the_environment(self):
        p = self.write("p.yaml", DOWN.replace("8000", "'${RATE:-4000}'"))
        os.environ["RATE"] = "12000"
        self.addCleanup(os.environ.pop, "RATE")
        self.rme("run", p, "-i", self.sound(), "-o", "out.wav")
        with wave.open(str(self.path / "out.wav")) as w:
            self.assertEqual(w.getframerate(), 12000)


class Services(Command):
    def test_an_absent_service_fails_the_items(self):
        p = self.write("p.yaml", "version: 1\nnodes:\n  - {id: far, service: PassThroughNode}\n")
        r = self.rme("run", p, "-i", "-", "--format", "text/plain", stdin="a\nb\n", code=3)
        self.assertIn("nothing says where the service 'PassThroughNode' is", r.stderr)
        r = self.rme("run", p, "-i", "-", "--format", "text/plain", "-e", f"cloud=127.0.0.1:{free_port()}", stdin="a\nb\n", code=4)
        self.assertIn("item 1: far:", r.stderr)

    def test_a_router_falls_back(self):
        p = self.write("p.yaml", f"""version: 1
endpoints: {{cloud: "127.0.0.1:{free_port()}"}}
nodes:
  - id: shout
    router:
      mode: cloud_first
      edge: {{node_type: PassThroughNode}}
      cloud: {{service: PassThroughNode}}
""")
        r = self.rme("run", p, "-i", "-", "--format", "text/plain", "--json", stdin="a\nb\n")
        items = [json.loads(line) for line in r.stdout.splitlines()]
        items = [i for i in items if "item" in i and not i.get("last")]
        self.assertEqual([i["side"] for i in items], ["edge", "edge"])
        self.assertTrue(items[0]["stages"][0]["route"]["fell_back"])
        self.assertIn("fell back", r.stderr)

    def test_private_data_stays_here(self):
        p = self.write("p.yaml", f"version: 1\nnodes:\n  - {{id: far, service: S, endpoint: '127.0.0.1:{free_port()}'}}\n")
        self.rme("run", p, "-i", "-", "--format", "text/plain", "--local", stdin="secret\n", code=4)


class Served(Command):
    """Against `rme serve`."""

    ROUTED = """version: 1
endpoints: {cloud: 'CLOUD'}
nodes:
  - id: shout
    router:
      mode: cloud_first
      edge: {node_type: TextProcessorNode, params: {operations: [lowercase]}}
      cloud: {service: TextProcessorNode, params: {operations: [uppercase]}}
"""

    def serve(self, *more):
        service = self.start("serve", "-P", "0", *more)
        self.addCleanup(service.stderr.close)
        self.addCleanup(service.stdout.close)
        self.addCleanup(service.wait)
        self.addCleanup(service.kill)
        port = re.search(r"127\.0\.0\.1:(\d+)", service.stderr.readline())
        return service, f"127.0.0.1:{port[1]}"

    def items(self, run):
        lines = [json.loads(line) for line in run.splitlines()]
        return [x for x in lines if "item" in x and not x.get("last")]

    def test_the_cloud_side_works(self):
        _, address = self.serve()
        p = self.write("p.yaml", self.ROUTED.replace("CLOUD", address))
        r = self.rme("run", p, "-i", "-", "--format", "text/plain", "--json", "-o", "out.jsonl", stdin="a\nb\n")
        self.assertEqual([i["side"] for i in self.items(r.stdout)], ["cloud", "cloud"])
        results = [json.loads(x)["json"]["results"] for x in (self.path / "out.jsonl").read_text().splitlines()]
        self.assertEqual(results, [{"uppercase": "A"}, {"uppercase": "B"}])

    def test_tokens(self):
        self.write("tokens", "secret-token-number-one\n")
        self.write("wrong", "secret-token-number-two\n")
        os.chmod(self.path / "tokens", 0o600)
        _, address = self.serve("--token-file", "tokens")
        text = "version: 1\nendpoints: {cloud: {address: 'CLOUD'TOKEN}}\nnodes: [{id: far, service: TextProcessorNode}]\n"
        text = text.replace("CLOUD", address)
        without, wrong, right = (self.write(f"{i}.yaml", text.replace("TOKEN", t)) for i, t in
                                 enumerate(("", ", token_file: wrong", ", token_file: tokens")))
        line = ("-i", self.write("in.txt", "a\n"))
        self.rme("run", without, *line, code=4)
        self.assertIn("can be read by others", self.rme("run", wrong, *line, code=4).stderr)
        self.rme("run", right, *line)
        missing = self.write("m.yaml", text.replace("TOKEN", ", token_file: nowhere"))
        self.assertIn("the token cannot be read", self.rme("run", missing, *line, code=3).stderr)

    def test_a_service_killed_in_the_middle_loses_nothing(self):
        service, address = self.serve()
        p = self.write("p.yaml", self.ROUTED.replace("CLOUD", address) + "input: {chunk: 20ms}\n")
        run = subprocess.Popen([RME, "run", p, "-i", "-", "--format", "text/plain", "--json"], cwd=self.path, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        sides = []
        with run.stdin, run.stdout, run.stderr:
            run.stdout.readline()
            for i in range(60):
                if i == 20:
                    service.kill()
                    service.wait()
                run.stdin.write(f"line {i}\n")
                run.stdin.flush()
                item = json.loads(run.stdout.readline())
                self.assertTrue(item["ok"], item)
                sides.append(item["side"])
            run.stdin.close()
            end = json.loads(run.stdout.read().splitlines()[-1])["end"]
        self.assertEqual(run.wait(timeout=60), 0)
        self.assertEqual(sides, ["cloud"] * 20 + ["edge"] * 40)
        self.assertEqual(end["submitted"], end["verdicts"])


@unittest.skipUnless(json.loads(subprocess.check_output([RME, "version", "--json"]))["features"]["wasm"], "no WebAssembly")
class Modules(Command):
    @classmethod
    def setUpClass(cls):
        subprocess.run([ROOT / "scripts/build-modules.sh", "gain", "fast_vad"], check=True, capture_output=True)

    def registry(self, lock=True, **changes):
        """A registry with gain and fast_vad in self.path."""
        import yaml

        registry = yaml.safe_load((ROOT / "wasm-modules.yaml").read_text())
        registry["modules"] = {n: {**registry["modules"][n], "wasm": str(ROOT / f"build/modules/{n}.wasm")} for n in ("gain", "fast_vad")}
        registry["modules"]["gain"].update(changes)
        self.write("wasm-modules.yaml", yaml.safe_dump(registry))
        if lock:
            pins = yaml.safe_load((ROOT / "wasm-modules.lock").read_text())
            pins["modules"] = {n: pins["modules"][n] for n in ("gain", "fast_vad")}
            self.write("wasm-modules.lock", yaml.safe_dump(pins))

    def pipeline(self, more):
        return self.write("p.yaml", f"version: 1\nnodes:\n  - {{id: g, module: gain, {more}}}\n")

    def peak(self, name):
        with wave.open(str(self.path / name)) as w:
            n = w.getnframes()
            return max(abs(s) for s in struct.unpack(f"<{n}h", w.readframes(n)))

    def test_a_module_runs_with_its_parameters(self):
        self.registry()
        sound = self.sound()
        p = self.pipeline("params: {db: -20}")
        self.rme("run", p, "-i", sound, "-o", "out.wav")
        self.assertAlmostEqual(self.peak("out.wav"), 100, delta=2)
        self.rme("run", p, "-i", sound, "-o", "out.wav", "-p", "g.db=0")
        self.assertAlmostEqual(self.peak("out.wav"), 1000, delta=1)

    def test_a_module_by_its_path(self):
        p = self.write("p.yaml", f"version: 1\nnodes: [{{id: g, module: '{ROOT}/build/modules/gain.wasm', params: {{db: -20}}}}]\n")
        self.rme("run", p, "-i", self.sound(), "-o", "out.wav")
        self.assertAlmostEqual(self.peak("out.wav"), 100, delta=2)

    def test_wrong_parameters_are_shown(self):
        self.registry()
        for params, text in (("{dp: 1}", "has no parameter 'dp'"), ("{db: loud}", "'db' takes a number, not loud"),
                             ("{db: 100}", "'db': 100 is too large; the most is 60")):
            self.assertIn(text, self.rme("validate", self.pipeline(f"params: {params}"), code=3).stderr)

    def test_unknown_modules_are_shown(self):
        self.registry()
        p = self.write("p.yaml", "version: 1\nnodes: [{id: v, module: fast_vat}]\n")
        r = self.rme("validate", p, code=3)
        self.assertIn("has no module 'fast_vat'", r.stderr)
        self.assertIn("did you mean 'fast_vad'?", r.stderr)
        os.remove(self.path / "wasm-modules.yaml")
        self.assertIn("no module registry", self.rme("validate", p, code=3).stderr)

    def test_other_bytes_than_pinned_are_refused(self):
        self.registry(wasm=str(ROOT / "build/modules/fast_vad.wasm"))
        r = self.rme("run", self.pipeline("params: {}"), "-i", self.sound(), code=3)
        self.assertIn("sha256", r.stderr.lower().replace("sha-256", "sha256"))
        self.assertNotIn("items in", r.stderr)

    def test_limits_hold(self):
        self.registry()
        r = self.rme("run", self.pipeline("limits: {result: 16}"), "-i", self.sound(), "-o", "out.wav", code=5)
        self.assertIn("item 1: g:", r.stderr)

    def test_a_module_that_is_no_module(self):
        self.registry(lock=False, wasm="p.yaml")
        r = self.rme("run", self.pipeline("params: {}"), "-i", self.sound(), code=5)
        self.assertIn("gain", r.stderr)


class Signals(Command):
    def begin(self, *more):
        p = self.write("p.yaml", PASS)
        run = self.start("run", p, "-i", self.sound(seconds=30), "-o", "out.wav", "--realtime", "--json", *more)
        for _ in range(4):
            run.stdout.readline()
        return run

    def finish(self, run):
        out, err = run.communicate(timeout=60)
        return run.returncode, out, err

    def test_the_first_signal_ends_the_input(self):
        for sig, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            run = self.begin()
            run.send_signal(sig)
            got, out, err = self.finish(run)
            self.assertEqual(got, code)
            self.assertIn("stopping", err)
            end = json.loads(out.splitlines()[-1])["end"]
            self.assertEqual(end["submitted"], end["verdicts"])
            with wave.open(str(self.path / "out.wav")) as w:
                self.assertGreater(w.getnframes(), 0)
                self.assertLess(w.getnframes(), 30 * 16000)

    def test_time_runs_out(self):
        run = self.begin("--timeout", "700ms")
        self.assertEqual(self.finish(run)[0], 124)

    def test_a_second_signal_drops_what_is_under_way(self):
        silent = socket.create_server(("127.0.0.1", 0))  # takes connections, says nothing
        self.addCleanup(silent.close)
        p = self.write("p.yaml", f"version: 1\nnodes:\n  - {{id: far, service: S, endpoint: '127.0.0.1:{silent.getsockname()[1]}'}}\n")
        run = self.start("run", p, "-i", self.write("in.txt", "x\n" * 500))
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        self.assertIn("stopping", run.stderr.readline())
        run.send_signal(signal.SIGINT)
        code, _, _ = self.finish(run)
        self.assertEqual(code, 130)


class Validate(Command):
    def test_good_and_bad(self):
        good, bad = self.write("good.yaml", PASS), self.write("bad.yaml", PASS.replace("PassThroughNode", "PasThroughNode"))
        self.assertIn("good.yaml: ok", self.rme("validate", good).stderr)
        r = self.rme("validate", good, bad, code=3)
        self.assertIn("bad.yaml:3:27: error: this build has no node type 'PasThroughNode'", r.stderr)
        self.assertIn("did you mean 'PassThroughNode'?", r.stderr)
        problems = json.loads(self.rme("validate", "--json", bad, code=3).stdout)
        self.assertFalse(problems["ok"])
        self.assertEqual((problems["problems"][0]["line"], problems["problems"][0]["column"]), (3, 27))

    def test_json_files_too(self):
        p = self.write("p.json", '{"version": 1, "nodes": [{"id": "a", "node_type": "PassThroughNode"}]}')
        self.rme("validate", p)
        self.rme("run", p, "-i", self.write("in.txt", "x\n"))

    def test_registries(self):
        r = self.write("wasm-modules.yaml", "version: 1\nmodules: {gain: {category: audio, version: 1}}\n")
        self.rme("validate", r)
        self.write("wasm-modules.lock", "version: 1\nmodules: {gain: {sha256: 1}}\n")
        self.assertIn("wasm-modules.lock:2:26", self.rme("validate", r, code=3).stderr)

    def test_the_schema_says_the_same(self):
        import jsonschema
        import yaml

        schema = json.loads(self.rme("validate", "--schema", "pipeline").stdout)
        check = jsonschema.Draft202012Validator(schema)
        jsonschema.Draft202012Validator.check_schema(schema)
        files = sorted((ROOT / "examples").rglob("*.yaml"))
        self.assertTrue(files)
        for path in [*files, ROOT / "tests/unit/config/golden/pipeline/good.yaml"]:
            errors = [e.message for e in check.iter_errors(yaml.safe_load(path.read_text()))]
            self.assertEqual(errors, [], path)
        wrong = yaml.safe_load(PASS)
        for change in ({"nodez": []}, {"version": 2}, {"session": {"inbox": 0}}, {"nodes": [{"id": "a"}]},
                       {"nodes": [{"id": "a", "node_type": "AudioTransform", "params": {"x": 1}}]}):
            self.assertTrue(list(check.iter_errors({**wrong, **change})), change)
        registry = json.loads(self.rme("validate", "--schema", "modules").stdout)
        modules = yaml.safe_load((ROOT / "wasm-modules.yaml").read_text())
        self.assertEqual(list(jsonschema.Draft202012Validator(registry).iter_errors(modules)), [])


class Examples(Command):
    def test_detect(self):
        r = self.rme("run", str(ROOT / "examples/detect.yaml"), "-i", self.sound(rate=44100, channels=2))
        said = [json.loads(line)["is_speech"] for line in r.stdout.splitlines()]
        self.assertTrue(0 < len(said) <= 50)
        self.assertNotIn(None, said)

    def test_words_without_a_service(self):
        os.environ["RME_CLOUD"] = f"127.0.0.1:{free_port()}"
        self.addCleanup(os.environ.pop, "RME_CLOUD")
        r = self.rme("run", str(ROOT / "examples/words.yaml"), "-i", "-", "--format", "text/plain", stdin="hello there\n")
        self.assertEqual(json.loads(r.stdout)["results"]["word_count"], 2)


class Graph(Command):
    def test_conversions_are_shown(self):
        p = self.write("p.yaml", "version: 1\nnodes:\n  - {id: vad, node_type: VoiceActivityDetector}\n")
        sound = self.sound(rate=44100, channels=2, seconds=0.1)
        text = self.rme("graph", p, "-i", sound).stdout
        self.assertIn("[vad.convert] AudioTransform (inserted)", text)
        self.assertIn("rate=44100;channels=2", text)
        self.assertIn('"vad.convert" -> "vad"', self.rme("graph", "--dot", p, "-i", sound).stdout)
        self.assertIn("n_vad_convert", self.rme("graph", "--mermaid", p, "-i", sound).stdout)


class Nodes(Command):
    def test_version_is_an_option_too(self):
        self.assertEqual(self.rme("--version").stdout, self.rme("version").stdout)
        self.rme("run", "--version", code=2)

    def test_list_and_info(self):
        names = [line.split()[0] for line in self.rme("nodes").stdout.splitlines()]
        self.assertIn("IntelligentRouter", names)
        self.assertEqual(names, sorted(names))
        for line in self.rme("nodes", "list", "--json").stdout.splitlines():
            self.assertIn(json.loads(line)["name"], names)
        info = json.loads(self.rme("nodes", "info", "AudioTransform", "--json").stdout)
        self.assertIn("output_sample_rate", [p["name"] for p in info["params"]])
        self.assertIn("did you mean 'AudioTransform'?", self.rme("nodes", "info", "AudioTransfrom", code=3).stderr)


unittest.main(verbosity=1)
