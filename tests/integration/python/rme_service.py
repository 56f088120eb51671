"""A running `rme serve`, its messages, and its calls, for tests: nothing but Debian's python3-grpcio and protoc."""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
PROTO = os.path.join(TOP, "proto")
CERTS = os.path.join(TOP, "tests", "integration", "rpc", "certs")

RME = os.path.join(TOP, "build", "rme")  # the command under test
LEGACY = "/remotemedia.execution.RemoteExecutionService/"
UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class Messages:
    """Message classes that protoc makes of the repository's .proto files."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="rme-proto-")
        files = ["execution.proto", "types.proto", "rme/v1/rme.proto", "grpc/health/v1/health.proto",
                 "grpc/reflection/v1/reflection.proto"]
        include = ["-I", os.path.join(PROTO, "remotemedia"), "-I", PROTO]
        subprocess.run(["protoc", *include, "--python_out", self.folder.name, *files], check=True)
        sys.path.insert(0, self.folder.name)
        import execution_pb2
        import types_pb2

        self.execution, self.types = execution_pb2, types_pb2
        # The folders of these would hide the package grpc: loaded by their place.
        self.v1 = self._load("rme.v1.rme_pb2", "rme/v1/rme_pb2.py")
        self.health = self._load("grpc_health_pb2", "grpc/health/v1/health_pb2.py")
        self.reflection = self._load("grpc_reflection_pb2", "grpc/reflection/v1/reflection_pb2.py")
        sys.path.remove(self.folder.name)

    def _load(self, name, path):
        import importlib.util

        spec = importlib.util.spec_from_file_location(name, os.path.join(self.folder.name, path))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


class Feed:
    """Messages that are sent when the test says so."""

    def __init__(self, *first):
        self.queue = queue.Queue()
        for m in first:
            self.send(m)

    def send(self, message):
        self.queue.put(message)

    def end(self):
        self.queue.put(None)

    def __iter__(self):
        return iter(self.queue.get, None)


class Service:
    """`rme serve` on a free port of this machine, until it is stopped."""

    def __init__(self, *options):
        command = [RME, "serve", "--port", "0", "--json", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if not first:
            _, text = self.process.communicate()
            raise RuntimeError(f"{' '.join(command)}: {text}")
        self.ready = json.loads(first)
        self.address = self.ready["address"].replace("0.0.0.0", "127.0.0.1")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """Status, events and messages."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, [json.loads(row) for row in out.splitlines()], err

    def stop(self):
        if self.process.poll() is None:
            self.terminate()
        return self.wait()


class Client:
    """The calls of a service, as plain functions of messages."""

    def __init__(self, messages, address, credentials=None, token=None, options=()):
        self.m = messages
        options = [*UNLIMITED, *options]
        if credentials is None:
            self.channel = grpc.insecure_channel(address, options)
        else:
            self.channel = grpc.secure_channel(address, credentials, options)
        self.metadata = [("authorization", f"Bearer {token}")] if token is not None else None

    def close(self):
        self.channel.close()

    def unary(self, path, request, reply, timeout=30):
        call = self.channel.unary_unary(path, type(request).SerializeToString, reply.FromString)
        return call(request, timeout=timeout, metadata=self.metadata)

    def bidi(self, path, requests, reply, timeout=60):
        call = self.channel.stream_stream(path, lambda m: m.SerializeToString(), reply.FromString)
        return call(requests, timeout=timeout, metadata=self.metadata)

    def watch(self, service=""):
        h = self.m.health
        call = self.channel.unary_stream(
            "/grpc.health.v1.Health/Watch", h.HealthCheckRequest.SerializeToString, h.HealthCheckResponse.FromString)
        return call(h.HealthCheckRequest(service=service))

    def status(self, **fields):
        e = self.m.execution
        return self.unary(LEGACY + "GetStatus", e.StatusRequest(**fields), e.StatusResponse)

    def nodes(self, category=""):
        e = self.m.execution
        return self.unary(LEGACY + "ListNodes", e.ListNodesRequest(category=category), e.ListNodesResponse).available_nodes

    def execute(self, node, data, config=None, form="json", **options):
        """The response; data is made JSON unless it is bytes."""
        e, t = self.m.execution, self.m.types
        request = e.ExecuteNodeRequest(
            node_type=node, config=config or {}, serialization_format=form, options=t.ExecutionOptions(**options),
            input_data=data if isinstance(data, bytes) else json.dumps(data).encode())
        return self.unary(LEGACY + "ExecuteNode", request, e.ExecuteNodeResponse)

    def init(self, node, config=None, form="json"):
        e = self.m.execution
        return e.StreamData(init=e.StreamInit(node_type=node, config=config or {}, serialization_format=form))

    def item(self, data):
        return self.m.execution.StreamData(data=data if isinstance(data, bytes) else json.dumps(data).encode())

    def stream(self, messages):
        """Results of a StreamNode call: values, and errors as exceptions of their text."""
        return self.bidi(LEGACY + "StreamNode", iter(messages), self.m.execution.StreamData)


def values(results):
    """What a StreamNode call gave, and its error message or None."""
    out, error = [], None
    for r in results:
        if r.error_message:
            error = r.error_message
        else:
            out.append(json.loads(r.data))
    return out, error


def status_of(call, *args, **kwargs):
    """Name of the gRPC status that a call ends with, and its text."""
    try:
        result = call(*args, **kwargs)
        if hasattr(result, "__next__"):
            list(result)
    except grpc.RpcError as e:
        return e.code().name, e.details()
    return "OK", ""


MESSAGES = Messages()
