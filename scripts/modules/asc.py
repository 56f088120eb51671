"""Modules in AssemblyScript: the compiler comes from npm, as package-lock.json of the SDK pins it."""

import pathlib
import shutil
import subprocess

from registry import BuildError

FLAGS = "--runtime stub --use abort= --noAssert --exportStart _initialize".split()


class AsModule:
    def __init__(self, job):
        self.job = job
        self.sdk = job.sdk("assemblyscript")
        self.folder = job.root / job.entry["source"]["path"]
        self.main = self.folder / "module.ts"
        if not self.main.exists():
            raise BuildError(f"{job.name}: there is no {self.main}")
        self.inputs = sorted(self.folder.glob("**/*.ts")) + sorted(self.sdk.glob("*.ts")) + [self.sdk / "package-lock.json"]
        self.version = "package-lock.json"

    def compiler(self):
        """asc; fetched once, into build/, with nothing run that packages bring."""
        place = self.job.out / ".npm"
        lock = self.sdk / "package-lock.json"
        stamp = place / "lock"
        if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
            self.fetch(place)
            stamp.write_bytes(lock.read_bytes())
        return place / "node_modules/assemblyscript/bin/asc.js"

    def fetch(self, place):
        npm = shutil.which("npm")
        if not npm or not shutil.which("node"):
            raise BuildError(f"{self.job.name}: no npm found; run scripts/setup.sh (packages npm nodejs)")
        place.mkdir(parents=True, exist_ok=True)
        for f in ("package.json", "package-lock.json"):
            shutil.copyfile(self.sdk / f, place / f)
        result = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=place,
                                capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise BuildError(f"{self.job.name}: npm cannot fetch the AssemblyScript compiler (is the registry of packages reachable?)\n"
                             + result.stderr.strip()[-600:])

    def command(self, out):
        optimize = self.job.entry.get("optimize") or {}
        simd = ["--enable", "simd"] if optimize.get("simd", True) else []
        return ["asc", str(self.main.relative_to(self.job.root)), f"-O{optimize.get('level', 3)}", *FLAGS, *simd, "-o", out.name]

    def build(self, out):
        asc = self.compiler()
        words = [shutil.which("node"), str(asc), *self.command(out)[1:-1], str(pathlib.Path(out).resolve()), "--baseDir", str(self.job.root)]
        result = subprocess.run(words, cwd=self.job.root, capture_output=True, text=True, check=False)
        if result.returncode != 0 or not pathlib.Path(out).exists():
            raise BuildError(f"{self.job.name}: asc failed\n{(result.stderr or result.stdout).strip()}")

