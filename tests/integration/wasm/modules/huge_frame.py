"""Writes a module whose process() has a frame of more than the 64 KiB of the soft guard and calls itself without end."""

import sys

LIVE = 5000  # vector values that are alive across the call


def main(path):
    lines = ['(module (memory (export "memory") 1)']
    lines.append('(func $f (export "process") (param i32 i32 i32 i32) (result i32)')
    for i in range(LIVE):
        lines.append(f"(v128.load offset={i % 4000 * 16} (local.get 0))")
    # It calls itself as long as a word is 0, which it always is; the compiler cannot know, and keeps what was loaded.
    lines.append("(i32.store (i32.const 60000) (i32.const 0))")
    lines.append("(if (i32.eqz (i32.load (i32.const 60000)))")
    lines.append("(then (drop (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3)))))")
    lines.append("i8x16.add " * (LIVE - 1))
    lines.append("i8x16.extract_lane_s 0)")
    lines.append('(func (export "initialize") (param i32) (result i32) i32.const 0)')
    lines.append('(func (export "cleanup") (result i32) i32.const 0)')
    lines.append('(func (export "malloc") (param i32) (result i32) i32.const 16)')
    lines.append('(func (export "free") (param i32)))')
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines))


main(sys.argv[1])
