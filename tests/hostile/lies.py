"""Modules that tell the host what is not so: lengths, addresses, statuses, formats, and what they call the host with."""

from wat import ERROR, FAR, LOG, RANDOM, SERVICE, SIZES, STREAM, WRITE, module, result

OK = "(i32.store (local.get $rn) (i32.const 2)) (i32.store16 (local.get $r) (i32.const 0x6b6f)) (i32.const 0)"
NAME = '(data (i32.const 64) "echo")'
NOT_ROOM = "longer than the room it has"


def service(name, length, data, size, out, out_len):
    return f"(call $call (i32.const {name}) (i32.const {length}) (i32.const {data}) (i32.const {size}) " \
           f"(i32.const {out}) (i32.const {out_len}))"


def expect(call, status):
    """Runs a host call and traps if it does not answer this: what the host says is a part of the test."""
    return f"(if (i32.ne {call} (i32.const {status})) (then (unreachable)))"


def results(add):
    lie = {
        "length": ("a result longer than its room", "(i32.store (local.get $rn) (i32.const 5000000)) (i32.const 0)", NOT_ROOM),
        "length_most": ("a result of 4 GiB", "(i32.store (local.get $rn) (i32.const -1)) (i32.const 0)", NOT_ROOM),
        "length_one": ("a result longer than its room by one byte", """(i32.store (local.get $rn)
            (i32.add (i32.load (local.get $rn)) (i32.const 1))) (i32.const 0)""", NOT_ROOM),
        "needs_most": ("a result that needs 4 GiB", "(i32.store (local.get $rn) (i32.const -1)) (i32.const -5)", "over the limit"),
        "needs_nothing": ("a result of no bytes that does not fit", "(i32.store (local.get $rn) (i32.const 0)) (i32.const -5)",
                          "does not fit, although it does"),
        "needs_more": ("always needs one byte more than it gets", """(i32.store (local.get $rn)
            (i32.add (i32.load (local.get $rn)) (i32.const 1))) (i32.const -5)""", "never fits"),
        "status_least": ("the least status", "(i32.const 0x80000000)", "status -2147483648"),
        "status_unknown": ("a status that nobody knows", "(i32.const -77)", "status -77"),
    }
    for name, (what, body, text) in lie.items():
        add("lie_" + name, "process: " + what, "failed", text, module(process=body))
    add("lie_status_most", "process: the greatest status, no error", "harmless", "", module(
        process="(i32.store (local.get $rn) (i32.const 0)) (i32.const 0x7fffffff)"))
    add("lie_next", "next has a result longer than its room", "failed", NOT_ROOM, module(
        next="(i32.store (local.get $rn) (i32.const -1)) (i32.const 0)"))
    add("lie_flush", "flush has a result longer than its room", "failed", NOT_ROOM, module(
        flush="(i32.store (local.get $rn) (i32.const -1)) (i32.const 0)"))
    add("refetch_length", "changes the length of its result after it returned", "harmless", "", module(
        extra="(global $rn (mut i32) (i32.const 0))", process="(global.set $rn (local.get $rn))" + OK,
        confidence="(i32.store (global.get $rn) (i32.const -1)) (f32.const 0.5)"))
    add("refetch_next", "next shortens the result before it", "harmless", "", module(
        extra="(global $n (mut i32) (i32.const 0))", process="(global.set $n (i32.const 2))" + OK,
        next="""(i32.store (local.get $rn) (global.get $n)) (global.set $n (i32.const 0)) (i32.const 0)"""))
    add("refuse_session", "initialize refuses", "failed", "not ready", module(initialize="(i32.const -4)"))
    add("refuse_configuration", "configure refuses with a text of 64 KiB of ill-formed UTF-8", "failed", "????", module(
        ERROR, configure="""(memory.fill (i32.const 4096) (i32.const 0xff) (i32.const 65536))
        (call $error (i32.const 4096) (i32.const 65536)) (i32.const -1)"""))


def allocators(add):
    wild = "its allocator gave an address outside its memory"
    for name, value, fate, text in (
            ("nothing", "(i32.const 0)", "failed", "has no room"),
            ("outside", "(i32.const -1)", "failed", wild),
            ("edge", "(i32.const 131071)", "failed", wild),
            ("negative", "(i32.const 0x80000000)", "failed", wild),
            ("wrapped", "(i32.sub (i32.const 0) (local.get $n))", "failed", wild),
            ("same", "(i32.const 8192)", "harmless", ""),
            ("odd", "(i32.const 4097)", "failed", "")):
        body = value if name != "odd" else "(i32.add (i32.const 4097) (i32.mul (local.get $n) (i32.const 2)))"
        fate = "harmless" if name == "odd" else fate
        add("alloc_" + name, f"rme_alloc answers {value}" if name != "odd" else "rme_alloc answers odd addresses",
            fate, text, module(rme_alloc=body))
    add("alloc_later", "rme_alloc has no room the second time", "failed", "has no room", module(
        rme_alloc="(global.set $top (i32.add (global.get $top) (i32.const 4096)))"
                  "(select (i32.const 8192) (i32.const 0) (i32.eq (global.get $top) (i32.const 8192)))"))
    windows = """(global (export "rme_in") i32 (i32.const {})) (global (export "rme_in_size") i32 (i32.const {}))
      (global (export "rme_out") i32 (i32.const {})) (global (export "rme_out_size") i32 (i32.const {}))
      (data (i32.const 16) "\\00\\10\\00\\00\\ff\\ff\\ff\\ff\\01\\00\\00\\00")"""
    text = "are not inside its memory"
    for name, what, numbers, fate in (
            ("good", "windows that lie over each other", (1024, 16, 1024, 16), "harmless"),
            ("size", "a window of 4 GiB", (1024, 20, 1024, 16), "failed"),
            ("small", "a window of one byte", (1024, 24, 1024, 16), "failed"),
            ("far", "a window behind the memory", (1024, 16, 200000, 16), "failed"),
            ("far_size", "a window whose size is behind the memory", (1024, -2, 1024, 16), "failed")):
        add("window_" + name, what, fate, text if fate == "failed" else "",
            module(extra=windows.format(*numbers), without=("rme_alloc", "rme_free")))
    mutable = windows.format(1024, 16, 8192, 16).replace('"rme_out") i32', '"rme_out") (mut i32)')
    add("window_moved", "moves its window by an exported variable", "harmless", "", module(
        extra=mutable.replace('(global (export "rme_out")', '(global $o (export "rme_out")'),
        without=("rme_alloc", "rme_free"), process="(global.set $o (i32.const -1))" + OK))


def opinions(add):
    for name, value in (("nan", "nan"), ("infinite", "inf"), ("negative", "-0x1p100"), ("huge", "0x1p127")):
        add("confidence_" + name, f"a confidence of {value}", "harmless", "", module(confidence=f"(f32.const {value})"))
    for name, value in (("nan", "nan"), ("infinite", "-inf"), ("huge", "0x1p127")):
        add("estimate_" + name, f"estimates {value}", "harmless", "", module(
            estimate=f"(f32.store (local.get $o) (f32.const {value})) (f32.store offset=4 (local.get $o) (f32.const {value}))"
                     "(i32.const 0)"), via="direct")
    add("estimate_wild", "estimates over all of its memory", "harmless", "", module(
        estimate="(memory.fill (i32.const 0) (i32.const 0xff) (i32.const 131072)) (i32.const 0)"), via="direct")
    add("format_unknown", "an output format that is none", "failed", "no media format",
        module(output_format=result("audio/nonsense;x") + "(i32.const 0)"))
    add("format_binary", "an output format of ill-formed bytes", "failed", "no media format", module(
        output_format="""(memory.fill (local.get $r) (i32.const 0xfe) (i32.const 200)) (i32.store (local.get $rn)
        (i32.const 200)) (i32.const 0)"""))
    add("format_long", "an output format of 4,000 bytes", "failed", "no media format", module(
        output_format="""(memory.fill (local.get $r) (i32.const 97) (i32.const 4000)) (i32.store (local.get $rn)
        (i32.const 4000)) (i32.const 0)"""))
    add("format_needs_more", "an output format that never fits", "failed", "never fits", module(
        output_format="""(i32.store (local.get $rn) (i32.add (i32.load (local.get $rn)) (i32.const 1)))
        (i32.const -5)"""))
    add("format_overwrites", "output_format overwrites the result before it is read", "harmless", "", module(
        output_format="(memory.fill (i32.const 4096) (i32.const 0) (i32.const 8192)) (i32.store (local.get $rn) (i32.const 0)) (i32.const 0)"))


def host_calls(add):
    ok = service(64, 4, 64, 4, 256, 80)
    room = "(i32.store (i32.const 80) (i32.const 64))"
    calls = {
        "bad_pointers": ("pointers outside, one by one", room + expect(service(-4, 8, 64, 4, 256, 80), -8)
            + expect(service(64, 4, -4, 8, 256, 80), -8) + expect(service(64, 4, 64, 4, -4, 80), -8)
            + expect(service(64, 4, 64, 4, 256, -2), -8) + expect(service(64, 4, 131072, 1, 256, 80), -8)),
        "name_bomb": ("names of 4 GiB, of 128 bytes and of none", room + expect(service(64, -1, 64, 4, 256, 80), -8)
            + expect(service(64, 128, 64, 4, 256, 80), -8) + expect(service(64, 0, 64, 4, 256, 80), -8)),
        "data_bomb": ("data of 4 GiB", room + expect(service(64, 4, 0, -1, 256, 80), -8)),
        "not_granted": ("services that were not granted, and a granted one with more behind its end", room + expect(service(64, 3, 64, 4, 256, 80), -6)
            + expect(service(65, 3, 64, 4, 256, 80), -6) + expect(service(64, 8, 64, 4, 256, 80), -8)),
        "room_lie": ("a room of 4 GiB for the answer", "(i32.store (i32.const 80) (i32.const -1))" + expect(ok, -8)),
        "room_none": ("no room for the answer, again and again", "".join(
            "(i32.store (i32.const 80) (i32.const 0))" + expect(ok, -5) for _ in range(100))),
        "aliased": ("name, data, room and length in the same place", "(i32.store (i32.const 64) (i32.const 0x6f686365))"
            "(drop (call $call (i32.const 64) (i32.const 4) (i32.const 60) (i32.const 64) (i32.const 62) (i32.const 64)))"),
        "flood": ("200 calls for one item", """(local $i i32) (loop $l (i32.store (i32.const 80) (i32.const 64))
            (i32.store (i32.const 96) (local.get $i))
            (if (i32.ne (call $call (i32.const 64) (i32.const 4) (i32.const 96) (i32.const 4) (i32.const 256) (i32.const 80))
                        (select (i32.const 0) (i32.const -7) (i32.lt_u (local.get $i) (i32.const 64))))
                (then (unreachable)))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200))))"""),
    }
    for name, (what, body) in calls.items():
        add("service_" + name, "call_remote_service: " + what, "harmless", "",
            module(SERVICE, NAME, process=body + OK), via="hybrid")
    add("service_denied", "call_remote_service without any grant", "harmless", "",
        module(SERVICE, NAME, process=room + expect(ok, -6) + OK))
    add("service_at_start", "call_remote_service in _initialize, before there is a session", "harmless", "",
        module(SERVICE, NAME, _initialize=room + expect(ok, -6)), via="hybrid")
    add("service_at_end", "call_remote_service in cleanup", "harmless", "",
        module(SERVICE, NAME, cleanup=room + f"(drop {ok}) (i32.const 0)"), via="hybrid")
    add("stream_wild", "stream_to_remote with pointers outside", "harmless", "", module(
        STREAM, NAME, process=expect("(call $stream (i32.const 64) (i32.const 4) (i32.const -1) (i32.const 2))", -8) + OK),
        via="hybrid")
    add("far_session_wild", "get_remote_session with pointers outside", "harmless", "", module(
        FAR, NAME, process=expect("(call $far (i32.const 64) (i32.const 4) (i32.const 256) (i32.const -3))", -8) + OK),
        via="hybrid")
    add("log_wild", "rme_log with wild pointers, levels and lengths, 1,000 lines", "harmless", "", module(
        LOG, process="""(local $i i32) (loop $l (call $log (local.get $i) (i32.mul (local.get $i) (i32.const 12345677))
        (i32.mul (local.get $i) (i32.const 7777777)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))""" + OK))
    add("error_text", "rme_error with 128 KiB of ill-formed UTF-8 and control characters", "failed", "???", module(
        ERROR, process="""(memory.fill (i32.const 0) (i32.const 0xc3) (i32.const 131072))
        (call $error (i32.const 0) (i32.const 131072)) (i32.const -1)"""))
    add("error_text_wild", "rme_error with a text outside", "failed", "failed (status -1)", module(
        ERROR, process="(call $error (i32.const -8) (i32.const 64)) (i32.const -1)"))
    add("error_then_fine", "rme_error, and then no error", "harmless", "", module(
        ERROR, process="(call $error (i32.const 0) (i32.const 8))" + OK))


def borrow(functions):
    """Imports of WASI, and exports of them under other names."""
    imports = [f'(import "wasi_snapshot_preview1" "{name}" (func ${name} {params} (result i32)))'
               for name, _, params in functions]
    exports = [f'(export "{export}" (func ${name}))' for name, export, _ in functions]
    return "".join(imports), "".join(exports)


def wasi(add):
    def write(fd, pieces, n, out):
        return f"(call $write (i32.const {fd}) (i32.const {pieces}) (i32.const {n}) (i32.const {out}))"
    pieces = "(i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 8))"
    add("write_wild", "fd_write with pieces outside, too many, and to other files", "harmless", "", module(
        WRITE, process=pieces + expect(write(1, -4, 1, 64), 21) + expect(write(1, 0, 65, 64), 28)
        + expect(write(1, 0, -1, 64), 28) + expect(write(3, 0, 1, 64), 8) + expect(write(0, 0, 1, 64), 8)
        + expect(write(1, 0, 1, -1), 21) + "(i32.store (i32.const 4) (i32.const -1))" + expect(write(1, 0, 1, 64), 21) + OK))
    add("write_aliased", "fd_write whose count goes over its own pieces", "harmless", "", module(
        WRITE, process=pieces + expect(write(1, 0, 1, 4), 0) + OK))
    add("random_wild", "random_get of 4 GiB, and outside", "harmless", "", module(
        RANDOM, process=expect("(call $random (i32.const 0) (i32.const -1))", 21)
        + expect("(call $random (i32.const 131070) (i32.const 16))", 21)
        + expect("(call $random (i32.const 0) (i32.const 131072))", 28) + OK))
    add("sizes_wild", "environ_sizes_get with pointers outside", "harmless", "", module(
        SIZES, process=expect("(call $sizes (i32.const -1) (i32.const 0))", 21)
        + expect("(call $sizes (i32.const 0) (i32.const 131070))", 21) + OK))
    borrowed = [("fd_write", "process", "(param i32 i32 i32 i32)"), ("random_get", "next", "(param i32 i32)"),
                ("environ_sizes_get", "output_format", "(param i32 i32)"), ("args_get", "configure", "(param i32 i32)"),
                ("sched_yield", "cleanup", ""), ("fd_close", "initialize", "(param i32)")]
    imports, exports = borrow(borrowed)
    add("imports_as_exports", "functions of the host exported as its own entry points", "failed", "", module(
        imports, exports, without=("process", "cleanup", "initialize")), rounds=20)
    imports, exports = borrow(borrowed[1:2])
    add("random_as_next", "random_get exported as next: results of random length", "failed", "", module(imports, exports),
        rounds=20)
    add("reenter", "calls a host function through a table, and process from there", "trapped", "stack overflow", module(
        '(import "env" "rme_now_ns" (func $now (result i64)))',
        """(type $n (func (result i64))) (table 2 funcref) (elem (i32.const 0) func $now $again)
        (func $again (result i64) (i64.add (call_indirect (type $n) (i32.const 0)) (call_indirect (type $n) (i32.const 1))))""",
        process="(drop (call_indirect (type $n) (i32.const 1))) (i32.const 0)"))


def modules(add):
    results(add)
    allocators(add)
    opinions(add)
    host_calls(add)
    wasi(add)
