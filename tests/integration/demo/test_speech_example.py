#!/usr/bin/env python3
"""The speech example as scripts/demo.sh runs it, without the pauses: all in the cloud, hybrid, and with the service killed on the way."""

import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

RME, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
del sys.argv[1:3]
EXAMPLE = ROOT / "examples" / "speech"
COMMANDS = {"front center", "go forward ten meters", "rear left", "side right", "front right", "rear center"}


def start(words, *command):
    """A process that has said words on standard error, followed by a port, and that port."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    for row in process.stderr:
        if m := re.search(words + r".*?(\d+)\D*$", row.split(" to ")[0].rstrip()):
            return process, int(m.group(1))
    raise AssertionError(f"{command} ended with status {process.wait()}")


class Speech(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.out = pathlib.Path(cls.folder.name)
        cls.recording = cls.out / "recording.wav"
        subprocess.run([sys.executable, "-B", EXAMPLE / "make_recording.py", cls.recording], check=True)
        (ROOT / "build" / "modules").mkdir(parents=True, exist_ok=True)
        model = ROOT / "build" / "modules" / "commands.asr"
        subprocess.run([RME, "modules", "pack-asr", EXAMPLE / "commands.gram", "-o", model], check=True, stderr=subprocess.DEVNULL)

    def setUp(self):
        self.service, port = start("listening|serving", RME, "serve", "--port", "0")
        self.addCleanup(self.end, self.service)
        self.line, self.port = start("relaying port", RME, "wan", "-l", "127.0.0.1:0", "-t", f"127.0.0.1:{port}", "-d", "5ms")
        self.addCleanup(self.end, self.line)

    def end(self, process):
        process.kill()
        process.wait()
        process.stderr.close()

    def run_example(self, name, pipeline, on_item=lambda item: None):
        """Items and end of a run; its lines are kept for demo_table.py. on_item sees each as it comes."""
        folder = self.out / name
        folder.mkdir(exist_ok=True)
        command = [RME, "run", EXAMPLE / pipeline, "-i", self.recording, "-o", folder / "reply.wav", "--json", "--endpoint", f"cloud=127.0.0.1:{self.port}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        rows = []
        for row in process.stdout:
            rows.append(json.loads(row))
            on_item(rows[-1])
        self.assertEqual(process.wait(), 0)
        process.stdout.close()
        (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        end = rows[-1]["end"]
        self.assertEqual(end["submitted"], end["verdicts"])
        items = [row for row in rows if "item" in row]
        self.assertEqual([row for row in items if not row["ok"]], [])
        return items

    def sent(self, items):
        return sum(stage.get("up", 0) for item in items for stage in item["stages"])

    def heard(self, items):
        return [say for item in items for say in item.get("says", []) if say["node"] == "recognize"]

    def test_hybrid_sends_less_than_cloud_and_hears_the_same(self):
        cloud = self.run_example("cloud", "cloud.yaml")
        hybrid = self.run_example("hybrid", "hybrid.yaml")
        self.assertLess(self.sent(hybrid), self.sent(cloud))
        self.assertEqual(len(self.heard(cloud)), len(self.heard(hybrid)))
        self.assertIn("go forward ten meters", [say["text"] for say in self.heard(hybrid)])
        at_edge = {say["text"] for say in self.heard(hybrid) if say["side"] == "edge"}
        self.assertEqual(at_edge, COMMANDS)
        self.assertEqual(len([say for say in self.heard(hybrid) if say["side"] == "cloud"]), 2)  # what is no command
        table = subprocess.run(
            [sys.executable, "-B", ROOT / "scripts" / "demo_table.py", self.out / "cloud" / "items.jsonl", self.out / "hybrid" / "items.jsonl"],
            capture_output=True,
            text=True,
        )
        self.assertEqual(table.returncode, 0, table.stderr)
        self.assertRegex(table.stdout, r"lost items \(without a verdict\) +0 +0\n")

    def test_killed_service_loses_no_item(self):
        def kill_after_first_words(row):
            if any(say["node"] == "recognize" and say["side"] == "cloud" for say in row.get("says", [])) and self.service.poll() is None:
                self.service.send_signal(signal.SIGKILL)
                self.service.wait()

        items = self.run_example("killed", "hybrid.yaml", kill_after_first_words)
        heard = self.heard(items)
        self.assertIsNotNone(self.service.poll(), "the service was never asked")
        at_edge = [say["text"] for say in heard if say["side"] == "edge"]
        self.assertTrue(COMMANDS.issubset(at_edge), heard)
        routes = [stage["route"] for item in items for stage in item["stages"] if "route" in stage]
        self.assertTrue(any(route.get("fell_back") for route in routes))
        self.assertTrue(all(route.get("text") for route in routes if route.get("fell_back")))


if __name__ == "__main__":
    unittest.main()
