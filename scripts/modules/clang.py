"""C for wasm32: the compiler, its flags, modules in C, and the C that modules in other languages link."""

import functools
import os
import shutil
import subprocess

from registry import BuildError, c_sources, listed

# Floating point is never contracted or reordered: the same kernel, compiled natively, must give the same bits.
FLAGS = """-std=c11 -msimd128 -mbulk-memory -msign-ext -mmultivalue -ffp-contract=off -fno-math-errno
    -fno-ident -ffunction-sections -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes""".split()
LINK = """-nostartfiles -Wl,--no-entry -Wl,-s -Wl,--stack-first -Wl,-z,stack-size=65536
    -Wl,--gc-sections -Wl,--export-memory""".split()
# What the registry's targets are called by clang.
TRIPLES = {"wasm32-wasip1": "wasm32-wasi", "wasm32-unknown-unknown": "wasm32-unknown-unknown"}


@functools.lru_cache
def compiler():
    """(path of clang, its version, path of wasm-ld). Named by paths, because the compiler runs without a search path."""
    for name in (os.environ.get("WASM_CC"), "clang-19", "clang"):
        if not name:
            continue
        try:
            out = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        linker = shutil.which("wasm-ld" + name.removeprefix("clang")) or shutil.which("wasm-ld")
        if not linker:
            raise BuildError("no wasm-ld found; run scripts/setup.sh (package lld-19)")
        return shutil.which(name), out.splitlines()[0], linker
    raise BuildError("no clang found; run scripts/setup.sh (packages clang-19 lld-19 wasi-libc), or set WASM_CC")


def environment():
    """Left alone, clang runs wasm-opt where it finds one, so that bytes would depend on the machine. An empty PATH hides it
    (with --no-wasm-opt, clang 19 forgets to link)."""
    return {**os.environ, "PATH": "/nonexistent"}


def run(name, command, env=None):
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if result.returncode != 0:
        raise BuildError(f"{name}: {command[0]} failed\n{(result.stderr or result.stdout).rstrip()}")


def flags_of(job):
    optimize = job.entry.get("optimize") or {}
    flags = ["--target=" + TRIPLES[job.target], f"-O{optimize.get('level', 3)}"] + FLAGS
    if not optimize.get("simd", True):
        flags.remove("-msimd128")
    return flags


def headers_of(job, files):
    folders = sorted({f.parent for f in files} | {job.sdk("c")})
    return folders, sorted({h for folder in folders for h in folder.glob("*.h")})


class CModule:
    """A module in C: one command."""

    def __init__(self, job):
        self.job = job
        self.files = [job.root / f for f in c_sources(job.root, job.name, job.entry["source"]["path"])]
        if job.target == "wasm32-unknown-unknown":
            self.files.append(job.sdk("c") / "rme_mem.c")
        self.folders, headers = headers_of(job, self.files)
        self.inputs = sorted(set(self.files)) + headers
        self.version = compiler()[1]

    def command(self, out):
        cc, _, linker = compiler()
        bare = ["-nostdlib"] if self.job.target == "wasm32-unknown-unknown" else []
        return [cc, *flags_of(self.job), *LINK, *bare, f"-fuse-ld={linker}", *(f"-I{f}" for f in self.folders), "-o", str(out),
                *map(str, self.files)]

    def build(self, out):
        run(self.job.name, self.command(out), environment())


class Objects:
    """C that a module in another language links: the files of its c-sources.txt, and what compilers call by themselves."""

    def __init__(self, job, listing):
        self.job = job
        named = [job.root / f for f in listed(job.root, job.name, listing)] if listing.exists() else []
        self.files = named + [job.sdk("c") / "rme_mem.c"]
        self.folders, headers = headers_of(job, self.files)
        self.inputs = self.files + headers
        self.version = compiler()[1]

    def build(self, folder):
        cc = compiler()[0]
        folder.mkdir(parents=True, exist_ok=True)
        objects = []
        for i, f in enumerate(self.files):
            objects.append(folder / f"{i}-{f.stem}.o")
            run(self.job.name, [cc, *flags_of(self.job), *(f"-I{d}" for d in self.folders), "-c", str(f), "-o", str(objects[-1])],
                environment())
        return objects
