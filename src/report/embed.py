#!/usr/bin/env python3
"""embed.py OUT.c NAME=FILE ... - write the bytes of text files as C arrays."""

import sys


def main():
    out = ['#include "report/html.h"\n']
    for arg in sys.argv[2:]:
        name, path = arg.split("=", 1)
        with open(path, "rb") as f:
            data = f.read()
        out.append(f"\nconst char {name}[] = {{\n")
        for i in range(0, len(data), 24):
            out.append("    " + ", ".join(str(b) for b in data[i : i + 24]) + ",\n")
        out.append("    0};\n")
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write("".join(out))


main()
