"""Build the modules of wasm-modules.yaml; see scripts/build-modules.sh."""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

try:
    import yaml
except ImportError:
    sys.exit("build-modules: the Python package for YAML is missing; run scripts/setup.sh (package python3-yaml)")

REGISTRY = pathlib.Path("wasm-modules.yaml")
LOCK = pathlib.Path("wasm-modules.lock")
OUT = pathlib.Path("build/modules")
SDK = {"c": pathlib.Path("modules/sdk/c")}

# The triple is clang's name for wasm32-wasip1. Floating point is never contracted or reordered: the same kernel, compiled
# natively, must give the same bits.
C_FLAGS = """--target=wasm32-wasi -std=c11 -msimd128 -mbulk-memory -msign-ext -mmultivalue -ffp-contract=off -fno-math-errno
    -fno-ident -ffunction-sections -Wall -Wextra -Werror -Wshadow -Wconversion -Wstrict-prototypes""".split()
LINK_FLAGS = """-nostartfiles -Wl,--no-entry -Wl,-s -Wl,--stack-first -Wl,-z,stack-size=65536
    -Wl,--gc-sections -Wl,--export-memory""".split()


class BuildError(Exception):
    pass


def find_clang():
    for name in (os.environ.get("WASM_CC"), "clang-19", "clang"):
        if not name:
            continue
        try:
            out = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        # Named by its path, because the compiler is run without a search path (see environment()).
        linker = shutil.which("wasm-ld" + name.removeprefix("clang")) or shutil.which("wasm-ld")
        if not linker:
            raise BuildError("no wasm-ld found; run scripts/setup.sh (package lld-19)")
        LINK_FLAGS.append(f"-fuse-ld={linker}")
        return shutil.which(name), out.splitlines()[0]
    raise BuildError("no clang found; run scripts/setup.sh (packages clang-19 lld-19 wasi-libc), or set WASM_CC")


def environment(name, optimize):
    """Left alone, clang runs wasm-opt where it finds one, so that bytes would depend on the machine. It is hidden by an empty
    PATH (with --no-wasm-opt, clang 19 forgets to link), unless the registry asks for it."""
    if not optimize.get("wasm_opt", False):
        return {**os.environ, "PATH": "/nonexistent"}
    if not shutil.which("wasm-opt"):
        raise BuildError(f"{name}: wasm_opt is asked for, and there is no wasm-opt; install binaryen")
    return dict(os.environ)


def sources_of(name, folder):
    listing = folder / "sources.txt"
    if listing.exists():
        lines = (line.split("#")[0].strip() for line in listing.read_text().splitlines())
        files = [pathlib.Path(line) for line in lines if line]
    else:
        files = sorted(folder.glob("*.c"))
    missing = [str(f) for f in files if not f.exists()]
    if missing:
        raise BuildError(f"{name}: no such source: {', '.join(missing)} (listed in {listing})")
    if not files:
        raise BuildError(f"{name}: no .c file in {folder}")
    return files


def command_c(name, entry, cc, target):
    files = sources_of(name, pathlib.Path(entry["source"]["path"]))
    optimize = entry.get("optimize") or {}
    flags = [f"-O{optimize.get('level', 3)}"] + C_FLAGS
    if not optimize.get("simd", True):
        flags.remove("-msimd128")
    folders = sorted({str(f.parent) for f in files} | {str(SDK["c"])})
    inputs = set(files)
    for folder in folders:
        inputs |= set(pathlib.Path(folder).glob("*.h"))
    includes = [f"-I{f}" for f in folders]
    return [cc, *flags, *LINK_FLAGS, *includes, "-o", str(target), *map(str, files)], sorted(inputs)


def digest_of(command, version, inputs):
    h = hashlib.sha256()
    h.update(repr((command, version)).encode())
    for path in inputs:
        h.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
    return h.hexdigest()


def build(name, entry, cc, version, force):
    """Build one module; returns (path, was it built)."""
    lang = entry["source"]["lang"]
    if lang not in SDK:
        raise BuildError(f"{name}: modules in {lang} cannot be built here (can: {', '.join(SDK)})")
    target = OUT / f"{name}.wasm"
    stamp = OUT / f".{name}.stamp"
    command, inputs = command_c(name, entry, cc, target)
    digest = digest_of(command, version, inputs)
    if not force and target.exists() and stamp.exists():
        if stamp.read_text() == digest + " " + sha256_of(target):
            return target, False
    part = target.with_suffix(".part")
    command[command.index(str(target))] = str(part)
    env = environment(name, entry.get("optimize") or {})
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if result.returncode != 0:
        raise BuildError(f"{name}: {cc} failed\n{result.stderr.rstrip()}")
    part.chmod(0o644)
    part.replace(target)
    stamp.write_text(digest + " " + sha256_of(target))
    return target, True


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_registry():
    try:
        with REGISTRY.open(encoding="utf-8") as f:
            registry = yaml.safe_load(f)
    except (OSError, yaml.YAMLError) as e:
        raise BuildError(f"{REGISTRY}: {e}") from e
    if not isinstance(registry, dict) or registry.get("version") != 1 or not isinstance(registry.get("modules"), dict):
        raise BuildError(f"{REGISTRY}: want 'version: 1' and a map 'modules'")
    for name, entry in registry["modules"].items():
        if not isinstance(entry, dict) or not {"lang", "path"} <= set(entry.get("source") or {}):
            raise BuildError(f"{REGISTRY}: module {name}: want 'source: {{lang: ..., path: ...}}'")
    return registry["modules"]


def read_lock():
    if not LOCK.exists():
        return {}
    with LOCK.open(encoding="utf-8") as f:
        return (yaml.safe_load(f) or {}).get("modules") or {}


def lock_text(pins):
    lines = ["# Made by scripts/build-modules.sh: the bytes that are meant. A module that differs is not loaded.", "version: 1",
             "modules:"]
    for name in sorted(pins):
        pin = pins[name]
        lines.append(f"  {name}: {{version: {pin['version']}, target: {pin['target']}, sha256: {pin['sha256']}}}")
    return "\n".join(lines) + "\n"


def print_table(rows):
    head = ("module", "lang", "target", "bytes", "sha256", "")
    rows = [head] + rows
    widths = [max(len(str(r[i])) for r in rows) for i in range(len(head))]
    for row in rows:
        cells = [str(c).rjust(w) if i == 3 else str(c).ljust(w) for i, (c, w) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def main():
    p = argparse.ArgumentParser(prog="build-modules.sh")
    p.add_argument("names", nargs="*", metavar="NAME")
    p.add_argument("-n", "--dry-run", action="store_true", help="only say what would be built")
    p.add_argument("-f", "--force", action="store_true", help="build what has not changed, too")
    p.add_argument("--check", action="store_true", help="fail where wasm-modules.lock would change")
    args = p.parse_args()
    modules = read_registry()
    unknown = [n for n in args.names if n not in modules]
    if unknown:
        raise BuildError(f"{REGISTRY} has no module {', '.join(unknown)} (has: {', '.join(modules)})")
    names = args.names or list(modules)
    if args.dry_run:
        print("\n".join(names))
        return
    cc, version = find_clang()
    OUT.mkdir(parents=True, exist_ok=True)
    pins = {n: pin for n, pin in read_lock().items() if n in modules}
    rows, changed = [], []
    for name in names:
        entry = modules[name]
        path, fresh = build(name, entry, cc, version, args.force)
        target = (entry.get("targets") or ["wasm32-wasip1"])[0]
        pin = {"version": str(entry.get("version", "0")), "target": target, "sha256": sha256_of(path)}
        if pins.get(name) != pin:
            changed.append(name)
        pins[name] = pin
        rows.append((name, entry["source"]["lang"], target, path.stat().st_size, pin["sha256"][:12],
                     "built" if fresh else "up to date"))
    print_table(rows)
    if args.check and changed:
        raise BuildError(f"not the pinned bytes: {', '.join(changed)} (see {LOCK})")
    text = lock_text(pins)
    if not LOCK.exists() or LOCK.read_text() != text:
        LOCK.write_text(text)
        print(f"{LOCK}: pinned {', '.join(changed) or 'without what is no longer registered'}")


if __name__ == "__main__":
    try:
        main()
    except BuildError as e:
        sys.exit(f"build-modules: {e}")
