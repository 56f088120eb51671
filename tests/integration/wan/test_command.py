#!/usr/bin/env python3
"""`rme wan` as a user runs it: relays, follows its steps, ends on SIGTERM with its figures."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest

RME = sys.argv.pop(1)


def echo_service():
    """A listening socket on which one connection after the other is echoed."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                while data := connection.recv(65536):
                    connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    return listener


class Wan(unittest.TestCase):
    def setUp(self):
        self.service = echo_service()

    def tearDown(self):
        self.service.close()

    def start(self, *options):
        to = f"127.0.0.1:{self.service.getsockname()[1]}"
        command = [RME, "wan", "--listen", "127.0.0.1:0", "--to", to, "--json", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port = int(re.search(r"relaying port (\d+)", self.process.stderr.readline()).group(1))

    def stop(self):
        """Status and the documents that were printed."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate()
        return self.process.returncode, [json.loads(row) for row in out.splitlines()]

    def test_relays_and_counts(self):
        self.start("--delay", "1ms", "--rate", "80Mbit/s", "--jitter", "100us")
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(b"x" * 1000)
            self.assertEqual(len(s.recv(1000, socket.MSG_WAITALL)), 1000)
        status, rows = self.stop()
        self.assertEqual(status, 0)
        end = rows[-1]
        self.assertEqual((end["event"], end["bytes_up"], end["bytes_down"], end["connections"]), ("end", 1000, 1000, 1))

    def test_follows_its_steps(self):
        self.start("--at", "0 down", "--at", "10ms up")
        self.assertIn("down", json.loads(self.process.stdout.readline())["event"])
        self.assertEqual(json.loads(self.process.stdout.readline())["event"], "up")
        with socket.create_connection(("127.0.0.1", self.port)) as s:
            s.sendall(b"x")
            self.assertEqual(s.recv(1), b"x")
        self.assertEqual(self.stop()[0], 0)

    def test_wrong_use_is_told(self):
        for options, status, says in (
            (["--listen", "127.0.0.1:0"], 2, "--to"),
            (["--listen", "127.0.0.1:0", "--to", "nowhere"], 3, "HOST:PORT"),
            (["--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--at", "5s explode"], 2, "explode"),
            (["--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--script", "/nonexistent"], 3, "/nonexistent"),
        ):
            with self.subTest(options=options):
                done = subprocess.run([RME, "wan", *options], capture_output=True, text=True)
                self.assertEqual(done.returncode, status)
                self.assertIn(says, done.stderr)


if __name__ == "__main__":
    unittest.main()
