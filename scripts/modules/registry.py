"""wasm-modules.yaml as the build scripts see it. The whole file is checked by `rme modules list`; here only what a build needs."""

import pathlib

try:
    import yaml
except ImportError as missing:
    raise SystemExit("the Python package for YAML is missing; run scripts/setup.sh (package python3-yaml)") from missing


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
        if not isinstance(entry, dict) or not {"lang", "path"} <= set(entry.get("source") or {}):
            raise BuildError(f"{path}: module {name}: want 'source: {{lang: ..., path: ...}}'")
    return registry["modules"]


def c_sources(root, name, folder):
    """Files of a module in C, relative to root: those of its sources.txt, else every .c of its folder."""
    folder = root / folder
    listing = folder / "sources.txt"
    if listing.exists():
        lines = (line.split("#")[0].strip() for line in listing.read_text().splitlines())
        files = [root / line for line in lines if line]
    else:
        files = sorted(folder.glob("*.c"))
    missing = [str(f) for f in files if not f.exists()]
    if missing:
        raise BuildError(f"{name}: no such source: {', '.join(missing)} (listed in {listing})")
    if not files:
        raise BuildError(f"{name}: no .c file in {folder}")
    return [f.relative_to(root) for f in files]
