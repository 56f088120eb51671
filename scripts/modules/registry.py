"""wasm-modules.yaml as the build scripts see it. The whole file is checked by `rme modules list`; here only what a build needs."""

import pathlib
import re

try:
    import yaml
except ImportError as missing:
    raise SystemExit("the Python package for YAML is missing; run scripts/setup.sh (package python3-yaml)") from missing


UNITS = {"B": 1, "KB": 1000, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "": 1}


class BuildError(Exception):
    pass


def read(path):
    """The map of modules."""
    try:
        with pathlib.Path(path).open(encoding="utf-8") as f:
            registry = yaml.safe_load(f)
    except (OSError, yaml.YAMLError) as e:
        raise BuildError(f"{path}: {e}") from e
    if not isinstance(registry, dict) or registry.get("version") != 1 or not isinstance(registry.get("modules"), dict):
        raise BuildError(f"{path}: want 'version: 1' and a map 'modules'")
    for name, entry in registry["modules"].items():
        if not isinstance(entry, dict) or ("source" in entry and not {"lang", "path"} <= set(entry["source"] or {})):
            raise BuildError(f"{path}: module {name}: want 'source: {{lang: ..., path: ...}}'")
    return registry["modules"]


def listed(root, name, listing):
    """The files that a list names, one a line, by path from root."""
    lines = (line.split("#")[0].strip() for line in listing.read_text().splitlines())
    files = [pathlib.Path(line) for line in lines if line]
    missing = [str(f) for f in files if not (root / f).exists()]
    if missing:
        raise BuildError(f"{name}: no such source: {', '.join(missing)} (listed in {listing})")
    return files


def c_sources(root, name, folder):
    """Files of a module in C, relative to root: those of its sources.txt, else every .c of its folder."""
    folder = root / folder
    listing = folder / "sources.txt"
    files = listed(root, name, listing) if listing.exists() else [f.relative_to(root) for f in sorted(folder.glob("*.c"))]
    if not files:
        raise BuildError(f"{name}: no .c file in {folder}")
    return files


def number_of(value):
    """A number, or a size such as 16MiB."""
    m = re.fullmatch(r"\s*([0-9.]+)\s*([A-Za-z]*)\s*", str(value))
    if isinstance(value, (int, float)):
        return value
    if not m or m.group(2) not in UNITS:
        raise BuildError(f"no number or size: {value!r}")
    return float(m.group(1)) * UNITS[m.group(2)]
