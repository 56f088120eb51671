"""Texts of modules: one that does all that the interface asks, of which a hostile module changes a part."""

PARAMETERS = {
    "_initialize": "",
    "initialize": "(param $id i32) (result i32)",
    "process": "(param $d i32) (param $n i32) (param $r i32) (param $rn i32) (result i32)",
    "cleanup": "(result i32)",
    "configure": "(param $d i32) (param $n i32) (result i32)",
    "next": "(param $r i32) (param $rn i32) (result i32)",
    "flush": "(param $r i32) (param $rn i32) (result i32)",
    "reset": "(result i32)",
    "confidence": "(result f32)",
    "estimate": "(param $d i32) (param $n i32) (param $o i32) (result i32)",
    "output_format": "(param $r i32) (param $rn i32) (result i32)",
    "rme_alloc": "(param $n i32) (result i32)",
    "rme_free": "(param i32 i32)",
}

# A bump allocator that grows the memory, and a process() that answers "ok".
DEFAULTS = {
    "initialize": "(i32.const 0)",
    "process": '(i32.store (local.get $rn) (i32.const 2)) (i32.store16 (local.get $r) (i32.const 0x6b6f)) (i32.const 0)',
    "cleanup": "(i32.const 0)",
    "rme_alloc": """(local $at i32)
      (local.set $at (global.get $top))
      (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get $n)) (i32.const 15)) (i32.const -16)))
      (block $fits
        (br_if $fits (i32.le_u (global.get $top) (i32.shl (memory.size) (i32.const 16))))
        (drop (memory.grow (i32.sub (i32.shr_u (i32.add (global.get $top) (i32.const 65535)) (i32.const 16))
                                    (memory.size)))))
      (local.get $at)""",
    "rme_free": "",
}

SERVICE = '(import "env" "call_remote_service" (func $call (param i32 i32 i32 i32 i32 i32) (result i32)))'
STREAM = '(import "env" "stream_to_remote" (func $stream (param i32 i32 i32 i32) (result i32)))'
FAR = '(import "env" "get_remote_session" (func $far (param i32 i32 i32 i32) (result i32)))'
LOG = '(import "env" "rme_log" (func $log (param i32 i32 i32)))'
ERROR = '(import "env" "rme_error" (func $error (param i32 i32)))'
NOW = '(import "env" "rme_now_ns" (func $now (result i64)))'
ABORT = '(import "env" "abort" (func $abort (param i32 i32 i32 i32)))'
WRITE = '(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))'
RANDOM = '(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))'
CLOCK = '(import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))'
SIZES = '(import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))'
EXIT = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'


def module(imports="", extra="", memory='(memory (export "memory") 2)', without=(), **parts):
    """The default module with these exports replaced or added, and these fields."""
    functions = dict(DEFAULTS, **parts)
    lines = ["(module", imports, memory, "(global $top (mut i32) (i32.const 4096))"]
    for name, body in functions.items():
        if name not in without:
            lines.append(f'(func ${name} (export "{name}") {PARAMETERS[name]} {body})')
    lines += [extra, ")"]
    return "\n".join(lines)


def result(text):
    """Statements that store a short text as the result of process, next or flush."""
    stores = "".join(f"(i32.store8 offset={i} (local.get $r) (i32.const {ord(c)}))" for i, c in enumerate(text))
    return f"{stores} (i32.store (local.get $rn) (i32.const {len(text)})) "


def label(entry):
    """An entry point as a part of a module's name."""
    return "start" if entry == "_initialize" else entry
