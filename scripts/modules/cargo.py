"""Modules in Rust: cargo with the module's Cargo.lock, for the compiler's own wasm targets; linked by wasm-ld."""

import functools
import os
import pathlib
import shutil
import subprocess

import clang
from registry import BuildError

PROFILE = {"lto": "true", "codegen-units": "1", "panic": '"abort"', "opt-level": "3", "strip": "true", "incremental": "false"}


@functools.lru_cache
def version():
    try:
        return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as e:
        raise BuildError("no rustc found; run scripts/setup.sh (packages cargo rustc libstd-rust-dev-wasm32)") from e


def check_target(name, target):
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    if not (pathlib.Path(sysroot) / "lib/rustlib" / target).is_dir():
        raise BuildError(f"{name}: rustc has no library for {target}; run scripts/setup.sh (package libstd-rust-dev-wasm32)")


def command(folder, target, crate_type, target_dir, level=3):
    profile = {**PROFILE, "opt-level": str(level)}
    options = [word for key, value in profile.items() for word in ("--config", f"profile.release.{key}={value}")]
    return [shutil.which("cargo") or "cargo", "rustc", "--quiet", "--release", "--locked", "--lib", "--crate-type", crate_type,
            "--manifest-path", str(folder / "Cargo.toml"), "--target", target, "--target-dir", str(target_dir), *options]


def environment(root, target, flags):
    """Nothing of the user's own settings may change the bytes, and no path may get into them."""
    key = target.upper().replace("-", "_")
    env = {k: v for k, v in os.environ.items() if k not in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS")}
    home = os.environ.get("CARGO_HOME", os.path.expanduser("~/.cargo"))
    remap = [f"--remap-path-prefix={root}=.", f"--remap-path-prefix={home}=cargo"]
    env["CARGO_ENCODED_RUSTFLAGS"] = "\x1f".join([*remap, *flags])
    if target in clang.TRIPLES:
        env[f"CARGO_TARGET_{key}_LINKER"] = clang.compiler()[2]
    return env


class RustModule:
    def __init__(self, job):
        self.job = job
        self.folder = job.root / job.entry["source"]["path"]
        for needed in ("Cargo.toml", "Cargo.lock"):
            if not (self.folder / needed).exists():
                raise BuildError(f"{job.name}: there is no {self.folder / needed}" +
                                 ("; `cargo generate-lockfile` makes it" if needed == "Cargo.lock" else ""))
        self.objects = clang.Objects(job, self.folder / "c-sources.txt")
        rust = [p for base in (self.folder, job.sdk("rust")) for p in sorted(base.rglob("*"))
                if p.suffix in (".rs", ".toml", ".lock") and "target" not in p.relative_to(base).parts]
        self.inputs = rust + self.objects.inputs
        self.version = version() + " " + self.objects.version

    def flags(self, objects):
        optimize = self.job.entry.get("optimize") or {}
        simd = ",+simd128" if optimize.get("simd", True) else ""
        return ["-C", f"target-feature=+bulk-memory,+sign-ext,+multivalue{simd}", "-C", "link-arg=--strip-all",
                *(word for o in objects for word in ("-C", f"link-arg={o}"))]

    def command(self, out):
        """Only what it depends on: the paths of the machine are not in it."""
        level = (self.job.entry.get("optimize") or {}).get("level", 3)
        return command(pathlib.Path(self.job.entry["source"]["path"]), self.job.target, "cdylib", "T", level) + self.flags([]) + [str(out.name)]

    def build(self, out):
        job = self.job
        check_target(job.name, job.target)
        objects = self.objects.build(job.out / ".c" / job.target / job.name)
        target_dir = job.out / ".cargo"
        level = (job.entry.get("optimize") or {}).get("level", 3)
        words = command(self.folder, job.target, "cdylib", target_dir, level)
        env = environment(job.root, job.target, self.flags(objects))
        clang.run(job.name, words, env)
        built = target_dir / job.target / "release" / f"{job.name}.wasm"
        if not built.exists():
            raise BuildError(f"{job.name}: cargo made no {built.name}: the package must be called {job.name}")
        shutil.copyfile(built, out)
