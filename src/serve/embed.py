#!/usr/bin/env python3
"""Write a file as a C array: embed.py INPUT OUTPUT.c NAME."""

import sys

source, target, name = sys.argv[1:]
with open(source, "rb") as f:
    data = f.read()
with open(target, "w", encoding="ascii") as f:
    f.write(f'#include "serve/descriptors.h"\n\nconst size_t {name}_len = {len(data)};\nconst unsigned char {name}[] = {{\n')
    for i in range(0, len(data), 24):
        f.write("\t" + ",".join(str(b) for b in data[i : i + 24]) + ",\n")
    f.write("};\n")
