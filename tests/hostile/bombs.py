"""Modules that are small and cost much: memory, tables, locals, functions, nesting, jump tables."""

from wasm_bytes import EXPORTS, I32, NAMES, TYPES, body, build, code, exports, leb, sections, text, vector
from wat import module

OVER = "at most"
BLOCK_LOOP = "(loop $l {} (br $l)) (unreachable)"
ZERO = b"\x41\x00\x0b"


def growth(add):
    add("grow_all", "grows its memory to the limit and writes to each page", "harmless", "", module(process="""
      (local $i i32) (loop $g (br_if $g (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      (loop $l (i32.store8 (i32.shl (local.get $i) (i32.const 16)) (i32.const 1))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (memory.size))))
      (i32.store (local.get $rn) (i32.const 0)) (i32.const 0)"""))
    add("grow_memory_loop", "grows its memory for ever", "stopped", "stopped after",
        module(process=BLOCK_LOOP.format("(drop (memory.grow (i32.const 1)))")))
    add("grow_table_loop", "grows a table for ever", "stopped", "stopped after", module(
        process=BLOCK_LOOP.format("(drop (table.grow $t (ref.null func) (i32.const 1000)))"),
        extra="(table $t 1 funcref)"))
    add("grow_tables", "grows 16 tables to their limit", "harmless", "", module(
        extra="".join(f"(table $t{i} 1 funcref)" for i in range(16)), process="".join(
            f"(drop (table.grow $t{i} (ref.null func) (i32.const 65535)))" for i in range(16)) +
        "(i32.store (local.get $rn) (i32.const 0)) (i32.const 0)"))
    add("memory_min", "asks for 4 GiB at the start", "refused", "memory at start", module(memory='(memory (export "memory") 65536)'))
    add("memory_none", "a memory without pages", "refused", "at least one", module(memory='(memory (export "memory") 0)'))
    add("table_min", "a table of 4 billion entries", "refused", OVER, build(sections(s4=vector([b"\x70\0" + leb(2**32 - 1)]))))
    add("tables", "17 tables", "refused", "tables", module(extra="(table 1 funcref)" * 17))


def counts(add):
    def many(item, n):
        return leb(n) + item * n
    add("locals", "50 million locals in a few bytes", "refused", OVER, build(sections(s10=code(ZERO, [(50_000_000, 0x7F)]))))
    add("locals_wrap", "groups of locals whose sum goes over 2^32", "refused", OVER, build(
        sections(s10=code(ZERO, [(2**32 - 1, 0x7F), (2, 0x7F)]))))
    add("functions", "20,001 functions", "refused", OVER, build(sections(s3=many(b"\2", 20001), s10=many(body(ZERO), 20001))))
    add("functions_many", "3,000 functions", "harmless", "", module(
        extra="".join(f"(func (result i32) (i32.const {i}))" for i in range(3000))))
    add("types", "10,001 types", "refused", OVER, build(sections(s1=many(TYPES[0], 10001))))
    add("parameters", "300 parameters", "refused", OVER, build(sections(s1=vector(TYPES + [b"\x60" + leb(300) + I32 * 300 + b"\0"]))))
    add("results", "65 results", "refused", OVER, build(sections(s1=vector(TYPES + [b"\x60\0" + leb(65) + I32 * 65]))))
    add("globals", "10,001 variables", "refused", OVER, build(sections(s6=many(b"\x7f\0" + ZERO, 10001))))
    add("data_segments", "10,001 data segments", "refused", OVER, build(sections(s11=many(b"\1\0", 10001))))
    add("element_segments", "10,001 element segments", "refused", OVER, build(
        sections(s4=vector([b"\x70\0\1"]), s9=many(b"\1\0\0", 10001))))
    add("elements", "131,073 table elements", "refused", OVER, build(
        sections(s4=vector([b"\x70\0\1"]), s9=vector([b"\1\0" + many(b"\0", 131073)]))))
    add("exports", "2,001 exports", "refused", OVER, build(
        sections(s7=vector(EXPORTS + [text(f"x{i}") + b"\0\0" for i in range(2001)]))))
    add("export_name", "an export with a name of 64 KiB", "refused", OVER, build(sections(s7=exports(text("x" * 65536) + b"\0\0"))))
    add("imports", "257 imports", "refused", OVER, build(sections(
        s1=vector(TYPES + [b"\x60\0\1\x7e"]), s2=many(text("env") + text("rme_now_ns") + b"\0\4", 257))))
    add("body", "a function of 300 KB", "refused", OVER, build(sections(s10=code(b"\1" * 300_000 + ZERO))))
    add("count_huge", "4 billion functions announced", "refused", OVER, build(sections(s3=leb(2**32 - 1))))
    add("module_size", "a module of 17 MB", "refused", OVER, build(sections(s11=vector([b"\1" + leb(17 << 20) + bytes(17 << 20)]))))


def shapes(add):
    deep = 5000
    add("nesting", "5,000 blocks inside each other", "harmless", "",
        build(sections(s10=code(b"\x02\x40" * deep + b"\x0b" * deep + ZERO))))
    add("nesting_if", "5,000 ifs inside each other", "harmless", "",
        build(sections(s10=code(b"\x20\x01\x04\x40" * 5000 + b"\x0b" * 5000 + ZERO))))
    add("operands", "20,000 values on the stack", "harmless", "",
        build(sections(s10=code(b"\x20\x01" * 20000 + b"\x6a" * 19999 + b"\x41\0\x71\x0b"))))
    targets = 50000
    add("br_table", "a jump table of 50,000 places", "harmless", "", build(sections(
        s10=code(b"\x02\x40\x20\x01\x0e" + leb(targets) + b"\0" * (targets + 1) + b"\x0b" + ZERO))))
    blocks = 300
    add("br_table_wide", "a jump table to 300 blocks", "harmless", "", build(sections(
        s10=code(b"\x02\x40" * blocks + b"\x20\x01\x0e" + leb(blocks - 1) + b"".join(leb(i) for i in range(blocks))
                 + b"\x0b" * blocks + ZERO))))
    add("selects", "10,000 selects in a row", "harmless", "", build(sections(
        s10=code(b"\x20\x01" + b"\x20\x01\x20\x01\x1b" * 10000 + b"\x41\0\x71\x0b"))))
    add("globals_most", "10,000 variables, all written", "harmless", "", build(sections(
        s6=leb(10000) + (b"\x7f\1" + ZERO) * 10000,
        s10=code(b"".join(b"\x20\x01\x24" + leb(i) for i in range(0, 10000, 2)) + ZERO))))


def modules(add):
    assert NAMES[1] == "process"
    growth(add)
    counts(add)
    shapes(add)
