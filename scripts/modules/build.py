"""Build the modules of wasm-modules.yaml; see scripts/build-modules.sh."""

import argparse
import gzip
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import asc  # noqa: E402
import cargo  # noqa: E402
import clang  # noqa: E402
from registry import BuildError, number_of, read, yaml  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
LANGS = {"c": clang.CModule, "rust": cargo.RustModule, "assemblyscript": asc.AsModule}
TARGETS = ("wasm32-wasip1", "wasm32-unknown-unknown")
WASM_OPT = "--enable-simd --enable-bulk-memory --enable-sign-ext --enable-multivalue --enable-mutable-globals --enable-nontrapping-float-to-int".split()


class Job:
    """One module for one target."""

    def __init__(self, root, name, entry, target):
        self.root, self.name, self.entry, self.target = root, name, entry, target
        self.out = root / "build/modules"
        first = targets_of(entry)[0]
        self.path = self.out / f"{name}.wasm" if target == first else self.out / target / f"{name}.wasm"


    def sdk(self, lang):
        """The project's own, else the one beside these scripts, in the sources or where they were installed."""
        for folder in (self.root, HERE.parent.parent):
            if (folder / "modules/sdk" / lang).is_dir():
                return folder / "modules/sdk" / lang
        raise BuildError(f"no SDK for {lang} found near {HERE}")


def targets_of(entry):
    targets = entry.get("targets") or [TARGETS[0]]
    unknown = [t for t in targets if t not in TARGETS]
    if unknown:
        raise BuildError(f"no target is called {unknown[0]} (there are: {', '.join(TARGETS)})")
    return targets


def wasm_opt(job, path):
    tool = shutil.which("wasm-opt")
    if not tool:
        raise BuildError(f"{job.name}: wasm_opt is asked for, and there is no wasm-opt; run scripts/setup.sh (package binaryen)")
    level = (job.entry.get("optimize") or {}).get("level", 3)
    clang.run(job.name, [tool, f"-O{level}", *WASM_OPT, str(path), "-o", str(path)])


def digest_of(job, module):
    """Of all that the bytes depend on; paths are relative, so that a moved checkout is up to date."""
    h = hashlib.sha256()
    part = pathlib.Path("part.wasm")
    words = [str(w).replace(str(job.root) + "/", "") for w in module.command(part)]
    version = module.version
    if (job.entry.get("optimize") or {}).get("wasm_opt"):
        version += subprocess.run(["wasm-opt", "--version"], capture_output=True, text=True, check=False).stdout if shutil.which("wasm-opt") else ""
    h.update(repr((words, version)).encode())
    for path in module.inputs:
        h.update(str(path).replace(str(job.root) + "/", "").encode() + b"\0" + path.read_bytes() + b"\0")
    return h.hexdigest()


def build(job, force):
    """@return was it built, or up to date"""
    lang = job.entry["source"]["lang"]
    if lang not in LANGS:
        raise BuildError(f"{job.name}: modules in {lang} cannot be built here (can: {', '.join(LANGS)})")
    module = LANGS[lang](job)
    stamp = job.path.with_name(f".{job.name}.stamp")
    digest = digest_of(job, module)
    if not force and job.path.exists() and stamp.exists() and stamp.read_text() == digest + " " + sha256_of(job.path):
        return False
    job.path.parent.mkdir(parents=True, exist_ok=True)
    part = job.path.with_suffix(".part")
    module.build(part)
    if (job.entry.get("optimize") or {}).get("wasm_opt"):
        wasm_opt(job, part)
    part.chmod(0o644)
    part.replace(job.path)
    stamp.write_text(digest + " " + sha256_of(job.path))
    return True


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_lock(lock):
    if not lock.exists():
        return {}
    with lock.open(encoding="utf-8") as f:
        return (yaml.safe_load(f) or {}).get("modules") or {}


def lock_text(pins):
    lines = ["# Made by scripts/build-modules.sh: the bytes that are meant. A module that differs is not loaded.", "version: 1",
             "modules:"]
    for name in sorted(pins):
        pin = pins[name]
        also = ", ".join(f"{t}: {sha}" for t, sha in sorted((pin.get("also") or {}).items()))
        also = f", also: {{{also}}}" if also else ""
        lines.append(f"  {name}: {{version: {pin['version']}, target: {pin['target']}, sha256: {pin['sha256']}{also}}}")
    return "\n".join(lines) + "\n"


def print_table(rows):
    head = ("module", "lang", "target", "bytes", "gzip", "budget", "sha256", "")
    rows = [head] + rows
    widths = [max(len(str(r[i])) for r in rows) for i in range(len(head))]
    for row in rows:
        cells = [str(c).rjust(w) if i in (3, 4, 5) else str(c).ljust(w) for i, (c, w) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def row_of(job, fresh):
    data = job.path.read_bytes()
    budget = job.entry.get("size")
    if budget is not None and len(data) > number_of(budget):
        raise BuildError(f"{job.name}: {len(data)} bytes for {job.target}, its budget is {budget}")
    return (job.name, job.entry["source"]["lang"], job.target, len(data), len(gzip.compress(data, 9, mtime=0)), budget or "-",
            hashlib.sha256(data).hexdigest()[:12], "built" if fresh else "up to date")


def build_module(root, name, entry, force, rows):
    """All targets of a module. @return its pin"""
    pin = {"version": str(entry.get("version", "0"))}
    for target in targets_of(entry):
        job = Job(root, name, entry, target)
        rows.append(row_of(job, build(job, force)))
        if "sha256" not in pin:
            pin |= {"target": target, "sha256": sha256_of(job.path)}
        else:
            pin.setdefault("also", {})[target] = sha256_of(job.path)
    return pin


def parse():
    p = argparse.ArgumentParser(prog="build-modules.sh")
    p.add_argument("names", nargs="*", metavar="NAME")
    p.add_argument("-n", "--dry-run", action="store_true", help="only say what would be built")
    p.add_argument("-f", "--force", action="store_true", help="build what has not changed, too")
    p.add_argument("--check", action="store_true", help="fail where wasm-modules.lock would change")
    p.add_argument("--root", default=".", help="folder of wasm-modules.yaml")
    return p.parse_args()


def write_lock(lock, pins, changed):
    text = lock_text(pins)
    if not lock.exists() or lock.read_text() != text:
        lock.write_text(text)
        print(f"{lock.name}: pinned {', '.join(changed) or 'without what is no longer registered'}")


def main():
    args = parse()
    root = pathlib.Path(args.root).resolve()
    registry, lock = root / "wasm-modules.yaml", root / "wasm-modules.lock"
    modules = {n: e for n, e in read(registry).items() if "source" in e}
    unknown = [n for n in args.names if n not in modules]
    if unknown:
        raise BuildError(f"{registry} has no module {', '.join(unknown)} with sources (has: {', '.join(modules)})")
    names = args.names or list(modules)
    if args.dry_run:
        print("\n".join(names))
        return
    pins = {n: pin for n, pin in read_lock(lock).items() if n in modules}
    rows, changed, failed = [], [], []
    for name in names:
        try:
            pin = build_module(root, name, modules[name], args.force, rows)
        except BuildError as e:
            failed.append(name)
            print(f"build-modules: {e}", file=sys.stderr)
            continue
        changed += [name] if pins.get(name) != pin else []
        pins[name] = pin
    print_table(rows)
    if args.check and changed:
        raise BuildError(f"not the pinned bytes: {', '.join(changed)} (see {lock})")
    write_lock(lock, pins, changed)
    if failed:
        raise BuildError(f"not built: {', '.join(failed)}")


if __name__ == "__main__":
    try:
        main()
    except BuildError as e:
        sys.exit(f"build-modules: {e}")
    except KeyboardInterrupt:
        os._exit(130)
