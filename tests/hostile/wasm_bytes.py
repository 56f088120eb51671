"""Modules byte by byte: what wat2wasm would not write."""


def leb(value):
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def text(name):
    return leb(len(name)) + name.encode()


def section(number, body):
    return bytes([number]) + leb(len(body)) + body


def vector(items):
    return leb(len(items)) + b"".join(items)


HEADER = b"\0asm\1\0\0\0"
I32 = b"\x7f"
TYPES = [b"\x60" + vector([I32] * n) + vector([I32] * r) for n, r in ((1, 1), (4, 1), (0, 1), (2, 0))]
FUNCTIONS = [0, 1, 2, 0, 3]  # initialize, process, cleanup, rme_alloc, rme_free
NAMES = ["initialize", "process", "cleanup", "rme_alloc", "rme_free"]
BODIES = [b"\x41\x00\x0b", b"\x41\x00\x0b", b"\x41\x00\x0b", b"\x41\x80\x20\x0b", b"\x0b"]


def body(code, local_groups=()):
    """A function body; groups are (count, type)."""
    whole = vector([leb(n) + bytes([t]) for n, t in local_groups]) + code
    return leb(len(whole)) + whole


def sections(**changes):
    """The sections of a plain module, by number; changes replace one (s1=...) or take it away (s7=None)."""
    exports = [text(n) + b"\0" + leb(i) for i, n in enumerate(NAMES)] + [text("memory") + b"\2\0"]
    plain = {
        1: vector(TYPES),
        3: vector([leb(t) for t in FUNCTIONS]),
        5: vector([b"\0\2"]),
        7: vector(exports),
        10: vector([body(b) for b in BODIES]),
    }
    for key, value in changes.items():
        plain[int(key[1:])] = value
    return plain


def build(parts=None, order=None):
    parts = sections() if parts is None else parts
    rank = order or [0, 1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]
    return HEADER + b"".join(section(n, parts[n]) for n in rank if parts.get(n) is not None)


EXPORTS = [text(n) + b"\0" + leb(i) for i, n in enumerate(NAMES)] + [text("memory") + b"\2\0"]


def exports(*more):
    return vector(EXPORTS + list(more))


def code(process, local_groups=(), more=()):
    """The code section with this process()."""
    bodies = [body(b) for b in BODIES]
    bodies[1] = body(process, local_groups)
    return vector(bodies + list(more))
