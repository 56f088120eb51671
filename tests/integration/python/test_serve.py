#!/usr/bin/env python3
"""`rme serve` as clients of all its protocols see it.

    python3 tests/integration/python/test_serve.py --rme build/rme [TEST ...]

Needs Debian's python3-grpcio, python3-protobuf and protobuf-compiler.
"""

import base64
import json
import math
import os
import struct
import sys
import threading
import unittest

import grpc

import rme_service
from rme_service import LEGACY, MESSAGES, Client, Feed, Service, status_of, values
from serve_operation import Life, Security  # noqa: F401 - tests of this run, too

def tone(seconds, rate=16000, level=0.3):
    return [round(level * math.sin(2 * math.pi * 220 * i / rate), 6) for i in range(int(seconds * rate))]


class WithService(unittest.TestCase):
    """One service for all tests of the class."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.service = Service(*cls.options)
        cls.client = Client(MESSAGES, cls.service.address)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        code, events, err = cls.service.stop()
        assert code == 0, (code, err)
        assert [e["event"] for e in events] == ["draining", "end"], events


class Existing(WithService):
    """The existing protocol."""

    def test_status(self):
        s = self.client.status(include_metrics=True)
        self.assertEqual(s.status, 1)
        self.assertRegex(s.version, r"^\d+\.\d+\.\d+$")
        self.assertGreaterEqual(s.uptime_seconds, 0)
        self.assertGreater(s.metrics.peak_memory_mb, 0)
        self.assertGreater(s.metrics.available_workers, 0)
        self.assertGreater(s.metrics.memory_usage_percent, 0)
        self.assertFalse(self.client.status().HasField("metrics"))

    def test_status_counts(self):
        before = self.client.status(include_metrics=True).metrics
        self.client.execute("PassThroughNode", 1)
        self.client.execute("PassThroughNode", b"{broken")
        after = self.client.status(include_metrics=True).metrics
        self.assertEqual(after.total_requests - before.total_requests, 2)
        self.assertEqual(after.successful_requests - before.successful_requests, 1)
        self.assertEqual(after.failed_requests - before.failed_requests, 1)

    def test_status_lists_sessions(self):
        feed = Feed(self.client.init("TextProcessorNode"), self.client.item({"text": "a"}))
        results = self.client.stream(feed)
        next(results)
        s = self.client.status(include_sessions=True).active_sessions
        self.assertEqual([x.node_type for x in s], ["TextProcessorNode"])
        self.assertTrue(s[0].session_id)
        self.assertGreater(s[0].created_timestamp, 1_500_000_000_000)
        feed.end()
        self.assertEqual(list(results), [])

    def test_nodes(self):
        nodes = {n.node_type: n for n in self.client.nodes()}
        for name in ("PassThroughNode", "TextProcessorNode", "AudioTransform", "VoiceActivityDetector"):
            self.assertIn(name, nodes)
        for name in ("RemoteNode", "IntelligentRouter"):
            self.assertNotIn(name, nodes)
        p = {p.name: p for p in nodes["AudioTransform"].parameters}
        self.assertEqual(p["output_sample_rate"].type, "int")
        self.assertFalse(p["output_sample_rate"].required)
        self.assertTrue(p["output_sample_rate"].default_value)
        self.assertTrue(p["output_sample_rate"].description)
        self.assertEqual({n.category for n in self.client.nodes("audio")}, {"audio"})
        self.assertEqual(len(self.client.nodes("nothing")), 0)

    def test_execute_text(self):
        r = self.client.execute("TextProcessorNode", {"text": "Hello edge", "operations": ["uppercase", "word_count"]})
        self.assertEqual(r.status, 1, r.error_message)
        out = json.loads(r.output_data)
        self.assertEqual(out["results"], {"uppercase": "HELLO EDGE", "word_count": 2})
        self.assertEqual(out["original_text"], "Hello edge")
        self.assertEqual(r.metrics.exit_code, 0)
        self.assertEqual(r.metrics.output_size_bytes, len(r.output_data))
        self.assertGreater(r.metrics.start_timestamp, 1_500_000_000_000)
        self.assertGreaterEqual(r.metrics.end_timestamp, r.metrics.start_timestamp)

    def test_execute_passes_json_through(self):
        for value in ({"a": [1, None, {"b": "\u00e4"}]}, [], "text", 3.5, True, [[1, 2], 3]):
            r = self.client.execute("PassThroughNode", value)
            self.assertEqual(json.loads(r.output_data), value)

    def test_execute_audio_shapes(self):
        pcm = tone(0.1, 8000)
        config = {"output_sample_rate": "16000", "output_channels": "2"}
        r = self.client.execute("AudioTransform", {"audio_data": pcm, "sample_rate": 8000}, config)
        self.assertEqual(r.status, 1, r.error_message)
        out = json.loads(r.output_data)
        self.assertEqual(out["sample_rate"], 16000)
        self.assertEqual(len(out["audio_data"]), 2)
        self.assertAlmostEqual(len(out["audio_data"][0]), 1600, delta=16)
        r = self.client.execute("AudioTransform", [[pcm, pcm], 8000], {"output_sample_rate": "8000", "output_channels": "1"})
        out = json.loads(r.output_data)
        self.assertEqual(out[1], 8000)
        for got, sent in zip(out[0], pcm):
            self.assertAlmostEqual(got, sent, places=5)
        raw = struct.pack("<4h", 0, 1000, -1000, 32767)
        form = "audio/pcm;format=s16le;rate=8000;channels=1"
        r = self.client.execute("AudioTransform", {"format": form, "data_base64": base64.b64encode(raw).decode()},
                                {"output_sample_rate": "8000", "output_channels": "1", "output_format": "s16le"})
        out = json.loads(r.output_data)
        self.assertEqual(base64.b64decode(out["data_base64"]), raw)
        self.assertEqual(out["format"], form)

    def test_config_literals(self):
        """JSON as Node.js clients send it, literals as Python clients do."""
        audio = [tone(0.05), 16000]
        for flag in ("true", "True", "'true'"):
            r = self.client.execute("VoiceActivityDetector", audio, {"low_latency": flag})
            self.assertEqual(r.status, 1, r.error_message)
            self.assertIn("is_speech", r.output_data.decode())
        r = self.client.execute("AudioTransform", audio, {"output_sample_rate": "16_000", "output_channels": "1", "more": "(1, 2)"})
        self.assertEqual(r.status, 1, r.error_message)

    def test_execute_errors(self):
        for node, data, config, text in (
            ("NoSuchNode", 1, {}, r"^\[VALIDATION\] ValueError: Unknown node type: NoSuchNode$"),
            ("PassThroughNod", 1, {}, r"did you mean PassThroughNode\?"),
            ("AudioTransform", [[1], 8000], {"output_channels": "99"}, r"^\[VALIDATION\] ValueError: AudioTransform: .*output_channels"),
            ("AudioTransform", {"no": "audio"}, {}, r"^\[VALIDATION\] TypeError: .*audio_data"),
            ("AudioTransform", [["a"], 8000], {}, r"sample 0"),
            ("PassThroughNode", b"{broken", {}, r"^\[SERIALIZATION\] ValueError: input is no JSON"),
            ("PassThroughNode", b"", {}, r"\[SERIALIZATION\]"),
            ("PassThroughNode", b"[" * 100000, {}, r"nested"),
        ):
            r = self.client.execute(node, data, config)
            self.assertIn(r.status, (2, 5))
            self.assertRegex(r.error_message, text)
            self.assertEqual(r.output_data, b"")
            self.assertEqual(r.metrics.exit_code, -1)

    def test_callers_cannot_name_files(self):
        for name in ("model", "dictionary", "language_model", "grammar"):
            r = self.client.execute("SpeechRecognizer", [tone(0.05), 16000], {name: "/etc/passwd"})
            self.assertEqual(r.status, 6)  # a security violation
            self.assertIn("cannot name files of the service", r.error_message)
            self.assertEqual(r.output_data, b"")

    def test_pickle_is_refused(self):
        r = self.client.execute("PassThroughNode", b"\x80\x04K\x01.", form="pickle")
        self.assertEqual(r.status, 2)
        self.assertRegex(r.error_message, r'use "json"')
        r = self.client.execute("PassThroughNode", b"1", form="")
        self.assertRegex(r.error_message, r'use "json"')

    def test_stream_text(self):
        c = self.client
        items = [c.item({"text": f"item {i}"}) for i in range(100)]
        out, error = values(c.stream([c.init("TextProcessorNode"), *items]))
        self.assertIsNone(error)
        self.assertEqual([o["results"]["uppercase"] for o in out], [f"ITEM {i}" for i in range(100)])

    def test_stream_vad(self):
        c = self.client
        silence = [0.0] * 1600
        items = [c.item({"audio_data": silence, "sample_rate": 16000})] * 3
        items += [c.item({"audio_data": tone(0.1), "sample_rate": 16000})] * 3
        out, error = values(c.stream([c.init("VoiceActivityDetector", {"include_metadata": "True"}), *items]))
        self.assertIsNone(error)
        self.assertEqual(len(out), 6)
        for o in out:
            self.assertIsInstance(o["is_speech"], bool)
        self.assertFalse(out[0]["is_speech"])

    def test_stream_must_begin_with_init(self):
        c = self.client
        self.assertEqual(status_of(c.stream, [c.item(1)]),
                         ("INVALID_ARGUMENT", "Stream must be initialized with a StreamInit message."))

    def test_stream_errors_end_it_with_ok(self):
        c = self.client
        for messages, text in (
            ([c.init("NoSuchNode")], r"Unknown node type: NoSuchNode"),
            ([c.init("AudioTransform", {"output_channels": "'x'"})], r"output_channels"),
            ([c.init("PassThroughNode", form="pickle")], r'use "json"'),
            ([c.init("PassThroughNode"), c.item(b"{broken")], r"\[SERIALIZATION\]"),
            ([c.init("PassThroughNode"), c.item(1), c.item(b"{broken"), c.item(2)], r"\[SERIALIZATION\]"),
        ):
            out, error = values(c.stream(messages))
            self.assertRegex(error, text)
        self.assertEqual(out, [1])

    def test_second_init_is_passed_over(self):
        c = self.client
        out, error = values(c.stream([c.init("PassThroughNode"), c.item(1), c.init("NoSuchNode"), c.item(2)]))
        self.assertEqual((out, error), ([1, 2], None))

    def test_none_gives_no_message(self):
        c = self.client
        out, error = values(c.stream([c.init("PassThroughNode"), c.item(None), c.item(2)]))
        self.assertEqual((out, error), ([2], None))

    def test_stream_ends_flushed(self):
        c = self.client
        out, error = values(c.stream([c.init("PassThroughNode")]))
        self.assertEqual((out, error), ([], None))

    def test_unserved_calls_say_so(self):
        e = MESSAGES.execution
        for name in ("ExecuteCustomTask", "ExecuteObjectMethod", "RegisterPipeline", "SaveNode"):
            request = getattr(e, name + "Request")()
            code, text = status_of(self.client.unary, LEGACY + name, request, e.StatusResponse)
            self.assertEqual(code, "UNIMPLEMENTED")
            self.assertIn(name, text)
        code, _ = status_of(self.client.unary, LEGACY + "NoSuchCall", e.StatusRequest(), e.StatusResponse)
        self.assertEqual(code, "UNIMPLEMENTED")

    def test_oversize_message(self):
        code, _ = status_of(self.client.execute, "PassThroughNode", b'"' + b"x" * (17 << 20) + b'"')
        self.assertEqual(code, "RESOURCE_EXHAUSTED")
        r = self.client.execute("PassThroughNode", b'"' + b"x" * (15 << 20) + b'"')
        self.assertEqual(len(r.output_data), (15 << 20) + 2)

    def test_output_limit(self):
        r = self.client.execute("PassThroughNode", "x" * (2 << 20), max_output_size_mb=1)
        self.assertEqual(r.status, 5)
        self.assertRegex(r.error_message, r"^\[RESOURCE_LIMIT\]")

    def test_no_protobuf(self):
        call = self.client.channel.unary_unary(LEGACY + "ExecuteNode", bytes, bytes)
        self.assertEqual(status_of(call, b"\xff\xff\xff")[0], "INVALID_ARGUMENT")
        # Two bytes on the wire, a struct in memory: refused before it grows.
        self.assertEqual(status_of(call, b"\x12\x00" * 1_000_000)[0], "INVALID_ARGUMENT")

    def test_many_clients(self):
        errors = []

        def work(n):
            c = Client(MESSAGES, self.service.address, options=[("grpc.use_local_subchannel_pool", 1)])
            try:
                for i in range(10):
                    r = c.execute("TextProcessorNode", {"text": f"c{n} {i}"})
                    if json.loads(r.output_data)["results"]["uppercase"] != f"C{n} {i}":
                        errors.append(r)
                items = [c.item(i) for i in range(200)]
                out, error = values(c.stream([c.init("PassThroughNode"), *items]))
                if out != list(range(200)) or error:
                    errors.append((out, error))
            finally:
                c.close()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(errors, [])


class Standard(WithService):
    """Health and reflection."""

    def check(self, service):
        h = MESSAGES.health
        return self.client.unary("/grpc.health.v1.Health/Check", h.HealthCheckRequest(service=service), h.HealthCheckResponse)

    def test_health(self):
        for service in ("", "rme.v1.Rme", "remotemedia.execution.RemoteExecutionService"):
            self.assertEqual(self.check(service).status, 1)
        self.assertEqual(status_of(self.check, "nothing")[0], "NOT_FOUND")
        watch = self.client.watch("nothing")
        self.assertEqual(next(watch).status, 3)
        watch.cancel()

    def reflect(self, version, *requests):
        r = MESSAGES.reflection
        path = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        return list(self.client.bidi(path, iter(requests), r.ServerReflectionResponse))

    def test_reflection_lists_services(self):
        r = MESSAGES.reflection
        for version in ("v1", "v1alpha"):
            (answer,) = self.reflect(version, r.ServerReflectionRequest(list_services=""))
            names = {s.name for s in answer.list_services_response.service}
            self.assertEqual(names, {"remotemedia.execution.RemoteExecutionService", "rme.v1.Rme", "grpc.health.v1.Health",
                                     "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"})

    def test_reflection_describes(self):
        """A client without .proto files makes its messages of what it is told."""
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

        r = MESSAGES.reflection
        answers = self.reflect("v1", r.ServerReflectionRequest(file_containing_symbol="remotemedia.execution.StreamData"),
                               r.ServerReflectionRequest(file_by_filename="types.proto"),
                               r.ServerReflectionRequest(file_containing_symbol="no.such.Thing"),
                               r.ServerReflectionRequest(file_containing_symbol="rme.v1.Rme.Stream"))
        pool = descriptor_pool.DescriptorPool()
        files = [descriptor_pb2.FileDescriptorProto.FromString(b)
                 for b in answers[0].file_descriptor_response.file_descriptor_proto]
        self.assertEqual([f.name for f in files], ["execution.proto", "types.proto"])
        for f in reversed(files):
            pool.Add(f)
        service = pool.FindServiceByName("remotemedia.execution.RemoteExecutionService")
        self.assertEqual(len(service.methods), 24)
        cls = message_factory.MessageFactory(pool).GetPrototype(service.methods_by_name["GetStatus"].output_type)
        call = self.client.channel.unary_unary(LEGACY + "GetStatus", bytes, cls.FromString)
        self.assertEqual(call(b"").status, 1)
        self.assertEqual(answers[1].file_descriptor_response.file_descriptor_proto[0], files[1].SerializeToString())
        self.assertEqual(answers[2].error_response.error_code, 5)
        self.assertEqual(len(answers[3].file_descriptor_response.file_descriptor_proto), 1)


class Own(WithService):
    """rme.v1 from a client that has nothing but the .proto file."""

    def test_describe(self):
        v = MESSAGES.v1
        r = self.client.unary("/rme.v1.Rme/Describe", v.DescribeRequest(), v.DescribeReply)
        self.assertRegex(r.server, r"^rme \d")
        s = {s.name: s for s in r.services}
        self.assertTrue(s["VoiceActivityDetector"].stateful)
        self.assertTrue(any(f.startswith("audio/pcm") for f in s["VoiceActivityDetector"].inputs))
        self.assertIn("output_sample_rate", {p.name for p in s["AudioTransform"].params})
        code, text = status_of(self.client.unary, "/rme.v1.Rme/Describe", v.DescribeRequest(service="X"), v.DescribeReply)
        self.assertEqual(code, "NOT_FOUND")

    def call(self, service, payload, form, params=""):
        v = MESSAGES.v1
        request = v.CallRequest(open=v.Open(version=1, service=service, params_json=params),
                                item=v.Packet(seq=1, format=form, payload=payload))
        return self.client.unary("/rme.v1.Rme/Call", request, v.CallReply)

    def test_call(self):
        r = self.call("TextProcessorNode", json.dumps({"text": "abc"}).encode(), "application/json")
        self.assertEqual(r.item_end.status, 0, r.item_end.text)
        self.assertEqual(json.loads(r.data[0].payload)["results"]["uppercase"], "ABC")
        self.assertGreater(r.item_end.service_ns, 0)
        r = self.call("NoSuchNode", b"", "text/plain")
        self.assertEqual(r.item_end.status, 11)
        r = self.call("AudioTransform", b"", "audio/pcm", '{"nonsense": 1}')
        self.assertEqual(r.item_end.status, 18)
        self.assertIn("nonsense", r.item_end.text)

    def test_stream(self):
        v = MESSAGES.v1
        pcm = struct.pack("<320h", *([0] * 320))
        frames = [v.Frame(open=v.Open(version=1, service="VoiceActivityDetector", session="test",
                                      format="audio/pcm;format=s16le;rate=16000;channels=1"))]
        frames += [v.Frame(item=v.Packet(seq=i, payload=pcm, remaining_ns=10**10)) for i in range(1, 21)]
        frames += [v.Frame(flush=v.Flush(seq=21, last=True))]
        out = list(self.client.bidi("/rme.v1.Rme/Stream", iter(frames), v.Frame))
        self.assertEqual(out[0].WhichOneof("kind"), "opened")
        self.assertGreaterEqual(out[0].opened.window_items, 20)
        ends = [f.item_end for f in out if f.WhichOneof("kind") == "item_end"]
        self.assertEqual([e.seq for e in ends], list(range(1, 22)))
        self.assertEqual({e.status for e in ends}, {0}, [e.text for e in ends])
        data = [f.data for f in out if f.WhichOneof("kind") == "data"]
        self.assertTrue(data)
        for d in data:
            self.assertFalse(json.loads(d.payload)["is_speech"])

    def test_payloads_are_not_sent_back(self):
        v = MESSAGES.v1
        frames = [v.Frame(open=v.Open(version=1, service="PassThroughNode")),
                  v.Frame(item=v.Packet(seq=1, format="text/plain", payload=b"x" * 100000))]
        out = list(self.client.bidi("/rme.v1.Rme/Stream", iter(frames), v.Frame))
        (data,) = [f.data for f in out if f.WhichOneof("kind") == "data"]
        self.assertTrue(data.flags & v.PACKET_SAME_PAYLOAD)
        self.assertEqual(data.payload, b"")

    def test_stream_errors(self):
        v = MESSAGES.v1
        for frames, status in (
            ([v.Frame(open=v.Open(version=9, service="PassThroughNode"))], 13),
            ([v.Frame(open=v.Open(version=1, service="Nothing"))], 11),
            ([v.Frame(flush=v.Flush(seq=1))], 10),
            ([v.Frame(open=v.Open(version=1, service="PassThroughNode")), v.Frame(item_end=v.ItemEnd(seq=1))], 10),
        ):
            feed = Feed(*frames)
            with self.assertRaises(grpc.RpcError) as raised:
                list(self.client.bidi("/rme.v1.Rme/Stream", iter(feed), v.Frame))
            feed.end()
            # grpcio drops messages that were not read when the status came: the code is in the trailers as well.
            self.assertEqual(dict(raised.exception.trailing_metadata())["rme-status"], str(status))
            self.assertTrue(raised.exception.details())


if __name__ == "__main__":
    if "--rme" in sys.argv:
        at = sys.argv.index("--rme")
        rme_service.RME = os.path.abspath(sys.argv[at + 1])
        del sys.argv[at : at + 2]
    unittest.main(verbosity=2)
