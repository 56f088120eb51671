"""Modules that do not come back: loops of every kind, and in every entry point. All are stopped."""

from wat import CLOCK, LOG, NOW, RANDOM, WRITE, label, module, result

FOREVER = "(loop $l (br $l))"
TABLE = '(table $t 1000 funcref) (elem declare func $noop) (elem $e func $noop) (data $data "abcdefgh") (func $noop)'


def loop(inner):
    return f"(loop $l {inner} (br $l)) (unreachable)"


IN_PROCESS = [
    ("tight", "an empty loop", FOREVER + "(unreachable)", "", ""),
    ("nested", "six loops inside each other", "".join(f"(loop $n{i} " for i in range(6))
     + "(br_if $n3 (i32.load (i32.const 64))) (br $n0)" + ")" * 6 + "(unreachable)", "", ""),
    ("br_table", "a loop that goes on by a jump table", """(local $i i32) (loop $a (loop $b (loop $c
       (local.set $i (i32.add (local.get $i) (i32.const 1)))
       (br_table $a $b $c $a (i32.and (local.get $i) (i32.const 3)))))) (unreachable)""", "", ""),
    ("counted", "counts to 2^63 in memory", """(loop $l (i64.store (i32.const 64) (i64.add (i64.load (i32.const 64))
       (i64.const 1))) (br_if $l (i64.gt_s (i64.load (i32.const 64)) (i64.const 0)))) (unreachable)""", "", ""),
    ("denormal", "arithmetic with denormal numbers", """(local $x f64) (local.set $x (f64.const 0x1p-1060))
       (loop $l (local.set $x (f64.div (f64.mul (local.get $x) (f64.const 0x1.8p0)) (f64.const 0x1.8p0)))
       (f64.store (i32.const 64) (local.get $x)) (br $l)) (unreachable)""", "", ""),
    ("divide", "divisions of 64 bits", loop("""(i64.store (i32.const 64) (i64.div_u (i64.const -1)
       (i64.add (i64.load (i32.const 64)) (i64.const 3))))"""), "", ""),
    ("simd", "vectors", loop("""(v128.store (i32.const 64) (f32x4.sqrt (f32x4.add (v128.load (i32.const 64))
       (v128.const f32x4 1 2 3 4))))"""), "", ""),
    ("sweep", "writes all of its memory again and again", """(local $i i32) (loop $l
       (i32.store (i32.and (local.get $i) (i32.const 0x1fffc)) (local.get $i))
       (local.set $i (i32.add (local.get $i) (i32.const 4))) (br $l)) (unreachable)""", "", ""),
    ("fill", "memory.fill of everything", loop("(memory.fill (i32.const 0) (i32.const 7) (i32.const 131072))"), "", ""),
    ("copy", "memory.copy onto itself", loop("(memory.copy (i32.const 1) (i32.const 0) (i32.const 131071))"), "", ""),
    ("init", "memory.init", loop("(memory.init $data (i32.const 64) (i32.const 0) (i32.const 8))"), "", TABLE),
    ("grow_zero", "memory.grow by nothing", loop("(drop (memory.grow (i32.const 0)))"), "", ""),
    ("grow_fail", "memory.grow beyond the limit", loop("(drop (memory.grow (i32.const 65535)))"), "", ""),
    ("table_grow", "table.grow by nothing", loop("(drop (table.grow $t (ref.null func) (i32.const 0)))"), "", TABLE),
    ("table_fill", "table.fill", loop("(table.fill $t (i32.const 0) (ref.null func) (i32.const 1000))"), "", TABLE),
    ("table_copy", "table.copy", loop("(table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 999))"), "", TABLE),
    ("table_set", "table.set and table.get",
     loop("(table.set $t (i32.const 5) (table.get $t (i32.const 6)))"), "", TABLE),
    ("table_init", "table.init", loop("(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))"), "", TABLE),
    ("call", "calls of a function", loop("(call $f)"), "",
     "(func $f (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1))))"),
    ("call_indirect", "calls through a table", loop("(call_indirect (type $v) (i32.const 0))"), "",
     "(type $v (func)) (table 1 funcref) (elem (i32.const 0) func $f) (func $f (i32.store (i32.const 64) (i32.const 1)))"),
    ("exponential", "a recursion of depth 60 that calls itself twice", "(call $f (i32.const 60))", "",
     """(func $f (param i32) (result i32) (i32.store (i32.const 64) (local.get 0))
       (if (result i32) (local.get 0) (then (i32.add (call $f (i32.sub (local.get 0) (i32.const 1)))
       (call $f (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 1))))"""),
    ("host_clock", "host calls: rme_now_ns", loop("(drop (call $now))"), NOW, ""),
    ("host_log", "host calls: a log without end",
     loop("(call $log (i32.const 0) (i32.const 0) (i32.const 131072))"), LOG, ""),
    ("host_random", "host calls: 64 KiB of random numbers each",
     loop("(drop (call $random (i32.const 0) (i32.const 65536)))"), RANDOM, ""),
    ("host_time", "host calls: clock_time_get",
     loop("(drop (call $clock (i32.const 1) (i64.const 0) (i32.const 64)))"), CLOCK, ""),
    ("host_write", "host calls: 64 pieces of output each", """(local $i i32) (loop $f
       (i32.store (i32.mul (local.get $i) (i32.const 8)) (i32.const 4096))
       (i32.store offset=4 (i32.mul (local.get $i) (i32.const 8)) (i32.const 8192))
       (br_if $f (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
       (loop $l (drop (call $write (i32.const 1) (i32.const 0) (i32.const 64) (i32.const 2048))) (br $l))
       (unreachable)""", WRITE, ""),
]

# Entry points other than process; those that a session does not call are called directly.
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


def modules(add):
    for name, what, body, imports, extra in IN_PROCESS:
        add("loop_" + name, "process: " + what, "stopped", "stopped after", module(imports, extra, process=body))
    for name, (value, via) in ENTRIES.items():
        add("loop_in_" + label(name), name + " does not return", "stopped", name + ": stopped",
            module(**{name: FOREVER + value}), via=via)
    add("loop_in_cleanup", "cleanup does not return", "harmless", "", module(cleanup=FOREVER + "(i32.const 0)"))
    add("loop_in_rme_free", "rme_free does not return", "stopped", "rme_free: stopped",
        module(rme_free=FOREVER), items="big")
    add("loop_of_results", "next has always one more result", "failed", "more than 4096 results",
        module(next=result("x") + "(i32.const 0)"), limit_ms=10000, rounds=20)
    add("loop_of_flushes", "flush has always one more result", "failed", "more than 4096 results",
        module(flush=result("x") + "(i32.const 0)"), limit_ms=10000, rounds=20)
