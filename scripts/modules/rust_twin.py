"""rust_twin.py ROOT NAME OUT.a - the native twin of a module in Rust, as an archive for the linker (modules/meson.build)."""

import os
import pathlib
import shutil
import subprocess
import sys

import cargo
import clang
from registry import BuildError, read


def main():
    root, name, out = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    folder = root / read(root / "wasm-modules.yaml")[name]["source"]["path"]
    host = next(line.split()[1] for line in subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout.splitlines()
                if line.startswith("host: "))
    place = out.with_suffix(".cargo")
    clang.run(name, cargo.command(folder, host, "staticlib", place), cargo.environment(root, host, ["-C", "relocation-model=pic"]))
    built = place / host / "release" / f"lib{name}.a"
    shutil.copyfile(built, out)
    os.utime(out)


if __name__ == "__main__":
    try:
        main()
    except BuildError as e:
        sys.exit(f"rust_twin: {e}")
