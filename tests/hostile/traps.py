"""Modules that do what ends in a trap: each kind, each entry point, and recursion without end."""

from wat import ABORT, EXIT, NOW, SERVICE, label, module

OOB = "trap: out of bounds memory access"
STACK = "trap: stack overflow (limit 512 KiB)"
DEEP = "(i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))"
TABLE = """(type $v (func)) (type $i (func (result i32))) (table $t 4 funcref) (elem (i32.const 0) func $one)
  (elem $e func $one) (data $data "abcdefgh") (func $one (result i32) (i32.const 1))"""

KINDS = [
    ("unreachable", "unreachable", "trap: unreachable", "(unreachable)"),
    ("divide_zero", "i32.div_s by 0", "divide by zero", "(i32.div_s (i32.const 1) (i32.load (i32.const 64)))"),
    ("divide_zero_long", "i64.div_u by 0", "divide by zero",
     "(i32.wrap_i64 (i64.div_u (i64.const 1) (i64.load (i32.const 64))))"),
    ("remainder_zero", "i64.rem_u by 0", "divide by zero",
     "(i32.wrap_i64 (i64.rem_u (i64.const 1) (i64.load (i32.const 64))))"),
    ("divide_overflow", "the least i32 by -1", "overflow",
     "(i32.div_s (i32.const 0x80000000) (i32.sub (i32.load (i32.const 64)) (i32.const 1)))"),
    ("divide_overflow_long", "the least i64 by -1", "overflow",
     "(i32.wrap_i64 (i64.div_s (i64.const 0x8000000000000000) (i64.sub (i64.load (i32.const 64)) (i64.const 1))))"),
    ("trunc_nan", "i32 of NaN", "invalid conversion", "(i32.trunc_f32_s (f32.const nan))"),
    ("trunc_range", "i32 of 1e30", "overflow", "(i32.trunc_f64_u (f64.const 1e30))"),
    ("load_far", "a load at the last address", OOB, "(i32.load offset=0xffffffff (i32.const -1))"),
    ("load_edge", "a load across the end", OOB, "(i32.load (i32.const 131070))"),
    ("load_vector", "a vector across the end", OOB, "(i8x16.extract_lane_s 0 (v128.load (i32.const 131060)))"),
    ("store_far", "a store at the last address", OOB, "(i64.store (i32.const -1) (i64.const 1)) (i32.const 0)"),
    ("store_after_grow", "a store behind what it grew to", OOB,
     "(drop (memory.grow (i32.const 1))) (i32.store (i32.const 196608) (i32.const 1)) (i32.const 0)"),
    ("fill_far", "memory.fill across the end", OOB,
     "(memory.fill (i32.const 131071) (i32.const 1) (i32.const 2)) (i32.const 0)"),
    ("fill_wrapped", "memory.fill whose end wraps around", OOB,
     "(memory.fill (i32.const 16) (i32.const 1) (i32.const -1)) (i32.const 0)"),
    ("copy_far", "memory.copy from behind the end", OOB,
     "(memory.copy (i32.const 0) (i32.const -8) (i32.const 16)) (i32.const 0)"),
    ("init_far", "memory.init beyond the segment", OOB,
     "(memory.init $data (i32.const 0) (i32.const 4) (i32.const 8)) (i32.const 0)"),
    ("init_dropped", "memory.init of a dropped segment", OOB,
     "(data.drop $data) (memory.init $data (i32.const 0) (i32.const 0) (i32.const 8)) (i32.const 0)"),
    ("table_far", "a call through an entry behind the table", "undefined element",
     "(call_indirect (type $i) (i32.const 4))"),
    ("table_negative", "a call through entry -1", "undefined element", "(call_indirect (type $i) (i32.const -1))"),
    ("table_type", "a call with another type", "indirect call type mismatch",
     "(call_indirect (type $v) (i32.const 0)) (i32.const 0)"),
    ("table_null", "a call through an empty entry", "uninitialized element",
     "(call_indirect (type $i) (i32.const 3))"),
    ("table_get", "table.get behind the end", "out of bounds table access",
     "(drop (table.get $t (i32.const 4))) (i32.const 0)"),
    ("table_set", "table.set behind the end", "out of bounds table access",
     "(table.set $t (i32.const 4) (ref.null func)) (i32.const 0)"),
    ("table_init", "table.init beyond the segment", "out of bounds table access",
     "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 9)) (i32.const 0)"),
    ("table_fill", "table.fill across the end", "out of bounds table access",
     "(table.fill $t (i32.const 1) (ref.null func) (i32.const 4)) (i32.const 0)"),
    ("table_shrunk", "calls an entry that was made empty", "uninitialized element",
     "(table.set $t (i32.const 0) (ref.null func)) (call_indirect (type $i) (i32.const 0))"),
]

ENTRIES = {
    "_initialize": ("", "node"),
    "initialize": ("(i32.const 0)", "node"),
    "configure": ("(i32.const 0)", "node"),
    "rme_alloc": ("(i32.const 4096)", "node"),
    "next": ("(i32.const 0)", "node"),
    "flush": ("(i32.const 0)", "node"),
    "confidence": ("(f32.const 0)", "node"),
    "output_format": ("(i32.const 0)", "node"),
    "reset": ("(i32.const 0)", "direct"),
    "estimate": ("(i32.const 0)", "direct"),
}

SELF = "(func $f (param i32) (result i32) (local $x i32) {} (local.set $x (call $f (local.get 0))) {} (local.get $x))"


def huge_frame():
    """Thousands of vectors that are alive across a call: a frame larger than the soft guard."""
    live = 3000
    loads = "".join(f"(v128.load offset={i * 16} (local.get $d))" for i in range(live))
    again = "(if (i32.eqz (i32.load (i32.const 64))) (then (drop (call $process (i32.const 4096)"
    again += "(local.get $n) (local.get $r) (local.get $rn)))))"
    return loads + "(i32.store (i32.const 64) (i32.const 0))" + again + "(i8x16.add)" * (live - 1) + \
        "(i8x16.extract_lane_s 0)"


def recursions(add):
    call = "(call $f (i32.const 1))"
    add("recurse", "a function that calls itself", "trapped", STACK, module(process=call, extra=SELF.format(DEEP, DEEP)))
    add("recurse_mutual", "three functions that call each other", "trapped", STACK, module(process="(call $a)", extra="".join(
        f"(func ${a} (result i32) {DEEP} (call ${b}) {DEEP})" for a, b in ("ab", "bc", "ca"))))
    add("recurse_indirect", "through a table", "trapped", STACK, module(
        process="(call $g)", extra=f"""(type $i (func (result i32))) (table 1 funcref) (elem (i32.const 0) func $g)
        (func $g (result i32) {DEEP} (call_indirect (type $i) (i32.const 0)) {DEEP})"""))
    add("recurse_process", "process calls itself", "trapped", STACK, module(
        process=f"{DEEP} (call $process (local.get 0) (local.get 1) (local.get 2) (local.get 3)) {DEEP}"))
    add("recurse_wide", "200 arguments each", "trapped", STACK, module(
        process="(call $w" + "(i64.const 1)" * 200 + ")", extra="(func $w" + "(param i64)" * 200 + "(result i32)"
        + DEEP + "(call $w" + "".join(f"(local.get {(i * 7 + 1) % 200})" for i in range(200)) + ")" + DEEP + ")"))
    add("recurse_huge_frame", "frames larger than the soft guard", "trapped", STACK, module(process=huge_frame()))
    add("recurse_host", "a host call at each level", "trapped", STACK,
        module(NOW, SELF.format("(drop (call $now))", "(drop (call $now))"), process=call))
    add("recurse_service", "a service call at each level", "trapped", STACK, module(SERVICE, SELF.format(
        "(drop (call $call (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 64) (i32.const 80)))", DEEP),
        process=call), via="hybrid")
    add("recurse_grow", "memory.grow at each level", "trapped", STACK, module(
        process=call, extra=SELF.format("(drop (memory.grow (i32.const 0)))", DEEP)))
    add("recurse_table_grow", "table.grow at each level", "trapped", STACK, module(
        process=call, extra="(table $t 1 funcref)" + SELF.format(
            "(drop (table.grow $t (ref.null func) (i32.const 0)))", DEEP)))
    add("recurse_fill", "memory.fill at each level", "trapped", STACK, module(
        process=call, extra=SELF.format("(memory.fill (i32.const 64) (i32.const 0) (local.get 0))", DEEP)))
    for entry, via in (("initialize", "node"), ("confidence", "node"), ("_initialize", "node"), ("rme_alloc", "node")):
        value = {"confidence": "(drop (call $f (i32.const 1))) (f32.const 1)",
                 "_initialize": "(drop (call $f (i32.const 1)))"}.get(entry, call)
        add("recurse_in_" + label(entry), f"{entry} recurses", "trapped", f"{entry}: {STACK}",
            module(extra=SELF.format(DEEP, DEEP), **{entry: value}), via=via)
    add("recurse_in_cleanup", "cleanup recurses", "harmless", "",
        module(extra=SELF.format(DEEP, DEEP), cleanup=call))


def modules(add):
    for name, what, text, body in KINDS:
        add("trap_" + name, "process: " + what, "trapped", text, module(process=body, extra=TABLE))
    for name, (value, via) in ENTRIES.items():
        add("trap_in_" + label(name), name + " traps", "trapped", name + ": trap: unreachable",
            module(**{name: "(unreachable)" + value}), via=via)
    add("trap_in_cleanup", "cleanup traps", "harmless", "", module(cleanup="(unreachable)"))
    add("trap_in_rme_free", "rme_free traps", "trapped", "rme_free: trap: unreachable",
        module(rme_free="(unreachable)"), items="big")
    add("exit", "proc_exit in process", "trapped", "ended itself with exit code", module(EXIT, process="(call $exit (i32.const 7)) (i32.const 0)"))
    add("exit_at_start", "proc_exit in _initialize", "trapped", "ended itself with exit code",
        module(EXIT, _initialize="(call $exit (i32.const 0))"))
    add("abort_wild", "abort with texts outside its memory", "trapped", "abort", module(
        ABORT, process="(call $abort (i32.const -1) (i32.const 2) (i32.const -1) (i32.const -1)) (i32.const 0)"))
    add("abort_long", "abort with a text that claims 4 GiB", "trapped", "abort", module(
        ABORT, process="""(i32.store (i32.const 60) (i32.const -1))
        (call $abort (i32.const 64) (i32.const 131072) (i32.const 1) (i32.const 1)) (i32.const 0)"""))
    recursions(add)
