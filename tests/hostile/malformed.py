"""Files that are no modules of ours: proposals that are off, native code, forbidden fields, and broken bytes."""

from wasm_bytes import BODIES, EXPORTS, FUNCTIONS, HEADER, TYPES, body, build, code, exports, leb, section, sections, text, vector
from wat import module

ZERO = b"\x41\x00\x0b"
PLAIN = build()


def fields(add):
    add("start", "a start function", "refused", "start function is not allowed", module(extra="(start $s) (func $s (loop (br 0)))"))
    add("import_memory", "an imported memory", "refused", "imports memory", module('(import "env" "m" (memory 1))', memory=""))
    add("import_table", "an imported table", "refused", "imports table", module('(import "env" "t" (table 1 funcref))'))
    add("import_global", "an imported variable", "refused", "imports global", module('(import "env" "g" (global i32))'))
    add("import_unknown", "a function that the host has not", "refused", "the host has no function env.system",
        module('(import "env" "system" (func (param i32) (result i32)))'))
    add("import_socket", "sock_open of the engine's own WASI", "refused", "the host has no function",
        module('(import "wasi_snapshot_preview1" "sock_open" (func (param i32 i32 i32) (result i32)))'))
    add("import_plugin", "a function of an engine plug-in", "refused", "the host has no function",
        module('(import "wasmedge_process" "wasmedge_process_run" (func (result i32)))'))
    add("import_type", "a function of the host with another type", "refused", "the host has",
        module('(import "env" "rme_now_ns" (func (param i32) (result i64)))'))
    add("export_type", "process with another type", "refused", "it must be", module(
        extra='(func (export "process") (param i64) (result i32) (i32.const 0))', without=("process",)))
    add("export_missing", "no process", "refused", "the host needs it", module(without=("process",)))
    add("export_memory", "a variable exported as memory", "refused", "one memory",
        module(memory='(memory 1) (global (export "memory") i32 (i32.const 0))'))
    add("export_twice", "two exports of one name", "refused", "", build(sections(s7=exports(text("process") + b"\0\1"))))
    add("export_behind", "an export of a function that is not there", "refused", "exports function",
        build(sections(s7=exports(text("x") + b"\0\x63"))))
    add("allocator_missing", "no allocator", "refused", "no allocator is exported", module(without=("rme_alloc",)))


def proposals(add):
    add("two_memories", "two memories", "refused", "there must be one", build(sections(s5=vector([b"\0\1", b"\0\1"]))))
    add("shared_memory", "a shared memory (threads)", "refused", "shared", build(sections(s5=vector([b"\3\1\2"]))))
    add("memory64", "a memory of 64 bits", "refused", "64-bit", build(sections(s5=vector([b"\4\1"]))))
    add("tags", "a tag section (exceptions)", "refused", "section 13", build(sections(s13=vector([b"\0\0"]))))
    add("gc_types", "a structure type (garbage collection)", "refused", "only function types",
        build(sections(s1=vector(TYPES + [b"\x5f\1\x7f\0"]))))
    add("typed_reference", "a parameter that is a typed reference", "refused", "value type",
        build(sections(s1=vector(TYPES + [b"\x60\1\x64\0\0"]))))
    add("extended_const", "an address computed at the start", "refused", "must be one constant",
        build(sections(s6=vector([b"\x7f\0\x41\1\x41\2\x6a\x0b"]))))
    for name, what, op in (
            ("atomics", "an atomic addition", b"\x41\0\x41\1\xfe\x1e\2\0\x0b"),
            ("relaxed_simd", "a relaxed vector operation", b"\x41\0\xfd\x0f\x41\0\xfd\x0f\xfd\x80\x02\xfd\x15\0\x0b"),
            ("tail_call", "a tail call", b"\x20\0\x20\1\x20\2\x20\3\x12\1\x0b"),
            ("throw", "an exception", b"\x08\0\x41\0\x0b"),
            ("call_ref", "a call of a typed reference", b"\xd2\1\x14\1\x0b"),
            ("opcode", "an instruction that does not exist", b"\xff\xff\x0b"),
            ("type_error", "an i32 where an i64 is needed", b"\x41\0\x42\0\x6a\x0b"),
            ("stack_underflow", "more operands than there are", b"\x6a\x0b"),
            ("no_end", "a body without end", b"\x41\0"),
            ("bad_local", "a local variable that is not there", b"\x20\x63\x0b"),
            ("bad_function", "a call of a function that is not there", b"\x10\x63\x41\0\x0b"),
            ("bad_label", "a jump to a block that is not there", b"\x0c\x63\x41\0\x0b"),
            ("bad_memory", "an access to a second memory", b"\x41\0\x28\x42\1\0\x0b")):
        add("invalid_" + name, "process: " + what, "refused", "cannot be compiled", build(sections(s10=code(op))))


def native(add):
    custom = {
        "plain": text("wasmedge") + bytes(range(1, 200)),
        "versioned": text("wasmedge") + leb(1) + leb(1) + leb(1) + b"\x90" * 4096 + b"\xc3",
    }
    for name, bytes_ in custom.items():
        add("native_" + name, "a section wasmedge, which the engine would run as machine code", "harmless", "",
            PLAIN + section(0, bytes_))
    add("native_first", "a section wasmedge in front of all others", "harmless", "",
        HEADER + section(0, custom["plain"]) + PLAIN[8:])
    add("native_many", "2,000 sections wasmedge", "harmless", "", PLAIN + section(0, custom["plain"]) * 2000)
    add("native_object", "a shared object in the place of a module", "refused", "not a WebAssembly file",
        b"\x7fELF\2\1\1" + bytes(9) + b"\3\0\x3e\0" + bytes(200))


def segments(add):
    table = vector([b"\x70\0\2"])
    add("data_far", "data outside the memory at the start", "failed", "cannot be instantiated",
        build(sections(s11=vector([b"\0\x41\xff\xff\x0f\x0b\4abcd"]))))
    add("data_negative", "data at address -1", "failed", "cannot be instantiated",
        build(sections(s11=vector([b"\0\x41\x7f\x0b\4abcd"]))))
    add("elements_far", "table elements behind the table", "failed", "cannot be instantiated",
        build(sections(s4=table, s9=vector([b"\0\x41\2\x0b\1\1"]))))
    add("elements_unknown", "a table element that is no function", "refused", "cannot be compiled",
        build(sections(s4=table, s9=vector([b"\0\x41\0\x0b\1\x63"]))))
    add("elements_no_table", "table elements without a table", "refused", "cannot be compiled",
        build(sections(s9=vector([b"\0\x41\0\x0b\1\1"]))))
    add("elements_flags", "an element segment of an unknown kind", "refused", "unknown flags",
        build(sections(s4=table, s9=vector([b"\x63\0"]))))
    add("data_count", "another number of data segments than announced", "refused", "cannot be compiled",
        build(sections(s12=leb(7), s11=vector([b"\1\1a"]))))
    add("data_memory", "data for a second memory", "refused", "",
        build(sections(s11=vector([b"\2\1\x41\0\x0b\1a"]))))


def broken(add):
    add("empty", "no bytes", "refused", "", b"")
    add("header", "nothing but a header", "refused", "the host needs it", HEADER)
    add("text", "a text", "refused", "not a WebAssembly file", b"(module)")
    add("component", "a component", "refused", "component", b"\0asm\x0d\0\1\0")
    add("version", "version 2", "refused", "only 1 is known", b"\0asm\2\0\0\0")
    add("truncated", "its last third is missing", "refused", "", PLAIN[: len(PLAIN) * 2 // 3])
    add("garbage", "noise after the header", "refused", "", HEADER + bytes((i * 167 + i // 7) & 255 for i in range(4096)))
    add("section_long", "a section that goes beyond the file", "refused", "", HEADER + b"\1\xff\xff\xff\xff\x0f\1")
    add("section_twice", "two type sections", "refused", "comes twice", HEADER + section(1, vector(TYPES)) * 2)
    add("section_order", "memory before functions", "refused", "out of order",
        build(order=[1, 5, 3, 7, 10]))
    add("section_unknown", "section 77", "refused", "section 77", PLAIN + section(77, b"x"))
    add("section_rest", "bytes after the last entry of a section", "refused", "", build(sections(s3=vector([leb(t) for t in FUNCTIONS]) + b"\0\0")))
    add("leb_long", "a number of 11 bytes", "refused", "", HEADER + b"\1" + b"\x80" * 10 + b"\0")
    add("bodies", "fewer bodies than functions", "refused", "have a body", build(sections(s10=vector([body(b) for b in BODIES[:4]]))))
    add("body_long", "a body longer than its section", "refused", "", build(sections(s10=leb(5) + leb(200000) + b"\0\x0b")))
    add("name_utf8", "an export name of ill-formed bytes", "refused", "",
        build(sections(s7=vector(EXPORTS + [b"\4\xff\xfe\x80\0\0\1"]))))
    add("type_index", "a function of a type that is not there", "refused", "type 99",
        build(sections(s3=vector([leb(t) for t in FUNCTIONS[:4]] + [leb(99)]))))


def modules(add):
    fields(add)
    proposals(add)
    native(add)
    segments(add)
    broken(add)
    assert ZERO in BODIES
