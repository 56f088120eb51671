"""How `rme serve` guards itself, starts, and ends. Run by test_serve.py."""

import json
import os
import signal
import subprocess
import tempfile
import unittest

import grpc

import rme_service
from rme_service import CERTS, MESSAGES, Client, Feed, Service, status_of, values


class Security(unittest.TestCase):
    def setUp(self):
        self.tokens = tempfile.NamedTemporaryFile("w", prefix="rme-tokens-")
        self.tokens.write("# operators\nalpha-0123456789abcdef\n\nbeta-0123456789abcdef\n")
        self.tokens.flush()

    def tearDown(self):
        self.tokens.close()

    @staticmethod
    def pem(name):
        with open(os.path.join(CERTS, name), "rb") as f:
            return f.read()

    def statuses(self, service, credentials=None):
        """What GetStatus ends with: no token, a wrong one, one of the two, the other."""
        got = []
        for token in (None, "gamma-0123456789abcdef", "alpha-0123456789abcdef", "beta-0123456789abcdef"):
            c = Client(MESSAGES, service.address, credentials, token)
            got.append(status_of(c.status)[0])
            c.close()
        return got

    def test_tokens(self):
        service = Service("--token-file", self.tokens.name)
        self.assertEqual(self.statuses(service), ["UNAUTHENTICATED", "UNAUTHENTICATED", "OK", "OK"])
        c = Client(MESSAGES, service.address)
        self.assertEqual(status_of(c.stream, [c.init("PassThroughNode")])[0], "UNAUTHENTICATED")
        h = MESSAGES.health
        self.assertEqual(c.unary("/grpc.health.v1.Health/Check", h.HealthCheckRequest(), h.HealthCheckResponse).status, 1)
        c.close()
        self.assertEqual(service.stop()[0], 0)

    def test_tls_with_tokens(self):
        service = Service("--tls-cert", f"{CERTS}/server.pem", "--tls-key", f"{CERTS}/server.key",
                          "--token-file", self.tokens.name)
        credentials = grpc.ssl_channel_credentials(self.pem("ca.pem"))
        self.assertEqual(self.statuses(service, credentials), ["UNAUTHENTICATED", "UNAUTHENTICATED", "OK", "OK"])
        c = Client(MESSAGES, service.address)
        self.assertEqual(status_of(c.status)[0], "UNAVAILABLE")  # plain text to a TLS port
        c.close()
        self.assertEqual(service.stop()[0], 0)

    def test_mutual_tls(self):
        service = Service("--tls-cert", f"{CERTS}/server.pem", "--tls-key", f"{CERTS}/server.key",
                          "--tls-client-ca", f"{CERTS}/ca.pem")
        known = grpc.ssl_channel_credentials(self.pem("ca.pem"), self.pem("client.key"), self.pem("client.pem"))
        unknown = grpc.ssl_channel_credentials(self.pem("ca.pem"))
        for credentials, status in ((known, "OK"), (unknown, "UNAVAILABLE")):
            c = Client(MESSAGES, service.address, credentials)
            self.assertEqual(status_of(c.status)[0], status)
            c.close()
        self.assertEqual(service.stop()[0], 0)

    def refused(self, *options):
        p = subprocess.run([rme_service.RME, "serve", *options], capture_output=True, text=True, timeout=30)
        self.assertNotEqual(p.returncode, 0)
        self.assertEqual(p.stdout, "")
        return p.returncode, p.stderr

    def test_plain_text_stays_on_this_machine(self):
        code, text = self.refused("--listen", "0.0.0.0:0")
        self.assertEqual(code, 3, text)
        self.assertRegex(text, r"plain text")
        self.assertRegex(text, r"--insecure-listen")
        service = Service("--listen", "0.0.0.0", "--insecure-listen")
        c = Client(MESSAGES, service.address)
        self.assertEqual(c.status().status, 1)
        c.close()
        self.assertEqual(service.stop()[0], 0)

    def test_starts_that_fail(self):
        service = Service()
        code, text = self.refused("--port", str(service.ready["port"]))
        self.assertEqual(code, 1, text)
        self.assertRegex(text, rf"127\.0\.0\.1:{service.ready['port']}.* in use")
        self.assertEqual(service.stop()[0], 0)
        code, text = self.refused("--listen", "127.0.0.1:99999")
        self.assertEqual(code, 3, text)
        self.assertRegex(text, r"with a port from 0 to 65535")
        for options, pattern in (
            (("--token-file", "/nonexistent"), r"token file"),
            (("--tls-cert", f"{CERTS}/server.pem"), r"--tls-key"),
            (("--tls-cert", "/nonexistent", "--tls-key", f"{CERTS}/server.key"), r"/nonexistent"),
            (("--nodes", "PassThroughNode,Nothing"), r"Nothing"),
            (("--port", "70000"), r"--port"),
            (("--listen", "no such host:1"), r"no such host"),
        ):
            self.assertRegex(self.refused("--port", "0", *options)[1], pattern)
        self.tokens.write("short\n")
        self.tokens.flush()
        self.assertRegex(self.refused("--port", "0", "--token-file", self.tokens.name)[1], r"line 5")
        os.chmod(self.tokens.name, 0o644)
        self.assertRegex(self.refused("--port", "0", "--token-file", self.tokens.name)[1], r"chmod")


class Life(unittest.TestCase):
    def test_only_named_nodes(self):
        service = Service("--nodes", "PassThroughNode,AudioTransform", "--nodes", "TextProcessorNode")
        c = Client(MESSAGES, service.address)
        self.assertEqual(sorted(n.node_type for n in c.nodes()), ["AudioTransform", "PassThroughNode", "TextProcessorNode"])
        self.assertRegex(c.execute("VoiceActivityDetector", 1).error_message, r"Unknown node type")
        c.close()
        self.assertEqual(service.stop()[0], 0)

    def test_pipeline(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
            f.write("version: 1\nmetadata: {name: twice, description: text twice over}\nnodes:\n"
                    "  - {id: a, node_type: PassThroughNode}\n  - {id: b, node_type: TextProcessorNode}\n")
            f.flush()
            service = Service(f.name)
        c = Client(MESSAGES, service.address)
        node = next(n for n in c.nodes("pipeline"))
        self.assertEqual((node.node_type, node.description), ("twice", "text twice over"))
        r = c.execute("twice", {"text": "a"})
        self.assertEqual(json.loads(r.output_data)["results"]["uppercase"], "A", r.error_message)
        c.close()
        self.assertEqual(service.stop()[0], 0)

    def test_sessions_are_limited(self):
        """Overload is a result, not a failed call: the Node.js client would retry that for a quarter of an hour."""
        service = Service("--max-sessions", "1")
        c = Client(MESSAGES, service.address)
        feed = Feed(c.init("PassThroughNode"), c.item(1))
        results = c.stream(feed)
        next(results)
        r = c.execute("PassThroughNode", 1)
        self.assertEqual(r.status, 5)
        self.assertRegex(r.error_message, r"^\[RESOURCE_LIMIT\] .*--max-sessions")
        _, error = values(c.stream([c.init("PassThroughNode"), c.item(1)]))
        self.assertRegex(error, r"^\[RESOURCE_LIMIT\]")
        self.assertEqual(c.status().status, 2)
        feed.end()
        list(results)
        while c.status(include_sessions=True).active_sessions:
            pass
        self.assertEqual(c.execute("PassThroughNode", 1).status, 1)
        c.close()
        self.assertEqual(service.stop()[0], 0)

    def test_drain(self):
        """An open stream goes on after SIGTERM; new calls find nobody; the service ends with the stream."""
        service = Service("--grace", "50s")
        c = Client(MESSAGES, service.address)
        watch = c.watch()
        self.assertEqual(next(watch).status, 1)
        feed = Feed(c.init("PassThroughNode"), c.item(1))
        results = c.stream(feed)
        self.assertEqual(json.loads(next(results).data), 1)
        service.terminate()
        self.assertEqual(next(watch).status, 2)
        self.assertEqual(status_of(lambda: watch)[0], "UNAVAILABLE")
        feed.send(c.item(2))
        self.assertEqual(json.loads(next(results).data), 2)
        self.assertEqual(status_of(c.execute, "PassThroughNode", 1)[0], "UNAVAILABLE")
        feed.end()
        self.assertEqual(list(results), [])
        code, events, err = service.wait()
        self.assertEqual(code, 0, err)
        self.assertEqual([e["event"] for e in events], ["draining", "end"])
        self.assertEqual(events[0]["sessions"], 1)
        c.close()

    def test_grace_ends(self):
        service = Service("--grace", "100ms")
        c = Client(MESSAGES, service.address)
        feed = Feed(c.init("PassThroughNode"), c.item(1))
        results = c.stream(feed)
        next(results)
        service.terminate()
        self.assertEqual(status_of(lambda: results)[0], "UNAVAILABLE")
        code, _, err = service.wait()
        self.assertEqual(code, 6, err)
        feed.end()
        c.close()

    def test_second_signal_ends_at_once(self):
        service = Service("--grace", "1000s")
        c = Client(MESSAGES, service.address)
        feed = Feed(c.init("PassThroughNode"), c.item(1))
        results = c.stream(feed)
        next(results)
        service.terminate()
        while service.process.stdout.readline().find("draining") < 0:
            pass
        service.terminate()
        self.assertEqual(service.process.wait(timeout=60), -signal.SIGTERM)
        service.process.communicate()
        feed.end()
        c.close()

    def test_client_that_vanishes(self):
        service = Service()
        c = Client(MESSAGES, service.address)
        feed = Feed(c.init("PassThroughNode"), c.item(1))
        results = c.stream(feed)
        next(results)
        results.cancel()
        while c.status(include_sessions=True).active_sessions:
            pass
        feed.end()
        c.close()
        self.assertEqual(service.stop()[0], 0)
