"""Each module and its native twin give the same bytes: for all vectors of tests/vectors/modules, and for items that are wrong.

usage: test_twins.py [--update] RME ROOT [NAME...]
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import yaml

AUDIO = "audio/pcm;format=s16le;rate=16000;channels=1"


class Runs:
    def __init__(self, rme, root, folder):
        self.rme, self.root, self.folder = rme, root, pathlib.Path(folder)

    def run(self, kind, module, case, isolation="auto"):
        """What a pipeline of one node makes of a case: (all results, what is said of each item, error text)."""
        pipeline = self.folder / f"{kind}.yaml"
        pipeline.write_text(json.dumps({
            "version": 1, "modules": str(self.root / "wasm-modules.yaml"),
            "nodes": [{"id": "m", kind: module, "params": case.get("params", {}),
                       **({"isolation": isolation} if isolation != "auto" else {})}]}))
        out = self.folder / "out"
        out.unlink(missing_ok=True)
        command = [self.rme, "run", str(pipeline), "-i", case["input"], "--format", case.get("format", AUDIO)]
        if "chunk" in case:
            command += ["--chunk", case["chunk"]]
        run = subprocess.run(command + ["--write", "bytes", "-o", str(out), "--json"], capture_output=True, text=True, timeout=300,
                             check=False)
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        items = [{k: line.get(k) for k in ("item", "ok", "results", "result_bytes", "confidence", "speech", "error")}
                 for line in lines if "item" in line]
        for item in items:
            if item["error"]:
                item["error"] = strip_host(str(item["error"]))
        return out.read_bytes() if out.exists() else b"", items, run.stderr


def strip_host(text):
    """Errors name the node alike; what differs is that a sandbox is replaced."""
    return text.replace("; the next item gets a new instance", "")


def wrong_cases(folder, entry):
    """Inputs that fit no format, in the format that the module takes."""
    form = str(entry.get("input", "application/octet-stream"))
    if form.startswith("audio/pcm"):
        form = AUDIO if "f32le" not in form else AUDIO.replace("s16le", "f32le")
    for name, data in (("empty", b""), ("one byte", b"\x01"), ("odd", bytes(range(256)) * 3 + b"\xff"), ("ones", b"\xff" * 4096)):
        path = folder / name.replace(" ", "_")
        path.write_bytes(data)
        yield {"name": name, "input": str(path), "format": form}


def cases_of(root, name, folder, entry):
    path = root / "tests/vectors/modules" / f"{name}.json"
    cases = json.loads(path.read_text())["cases"] if path.exists() else []
    for case in cases:
        case["params"] = resolve(case.get("params", {}), entry, path.parent)
        needs = case.get("needs")
        if needs and not pathlib.Path(needs).exists():
            print(f"{name}: {case['name']}: left out, there is no {needs}")
        else:
            yield {**case, "input": str(path.parent / case["input"])}
    base = next((c["params"] for c in cases if not c.get("needs") or pathlib.Path(c["needs"]).exists()), {})
    for case in wrong_cases(folder, entry):
        yield {**case, "params": base}


def is_asset(entry, key):
    return (entry.get("params") or {}).get(key, {}).get("type") == "asset"


def resolve(params, entry, folder):
    def is_path(key, value):
        return is_asset(entry, key) and value and not value.startswith(("/", "#"))
    return {k: str(folder / v) if is_path(k, v) else v for k, v in params.items()}


def takes_files(entry):
    return any(is_asset(entry, key) for key in entry.get("params") or {})


def check(runs, name, case, isolation="auto"):
    """Findings, and the hash of the results."""
    wasm, native = runs.run("module", name, case, isolation), runs.run("node_type", name, case)
    found = []
    if wasm[0] != native[0]:
        found.append(f"{len(wasm[0])} bytes from the module, {len(native[0])} from its twin, or different ones")
    found += [f"item: {a} from the module, {b} from its twin" for a, b in zip(wasm[1], native[1]) if a != b][:3]
    if len(wasm[1]) != len(native[1]):
        found.append(f"{len(wasm[1])} items from the module, {len(native[1])} from its twin\n{wasm[2]}\n{native[2]}")
    digest = hashlib.sha256(native[0]).hexdigest()
    if "sha256" in case and digest != case["sha256"]:
        found.append(f"results have SHA-256 {digest}, the vector says {case['sha256']}")
    if "sha256" in case and not native[0]:
        found.append(f"no results\n{native[2]}")
    return found, digest


def update(runs, root, name):
    path = root / "tests/vectors/modules" / f"{name}.json"
    text = json.loads(path.read_text())
    entry = yaml.safe_load((root / "wasm-modules.yaml").read_text())["modules"][name]
    for case in text["cases"]:
        params = resolve(case.get("params", {}), entry, path.parent)
        out = runs.run("node_type", name, {**case, "params": params, "input": str(path.parent / case["input"])})
        case["sha256"] = hashlib.sha256(out[0]).hexdigest()
        print(name, case["name"], len(out[0]), "bytes", out[2].splitlines()[:1])
    path.write_text('{"cases": [\n' + ",\n".join("  " + json.dumps(c) for c in text["cases"]) + "\n]}\n")


def main():
    args = [a for a in sys.argv[1:] if a != "--update"]
    rme, root = args[0], pathlib.Path(args[1]).resolve()
    registry = yaml.safe_load((root / "wasm-modules.yaml").read_text())["modules"]
    twins = subprocess.run([rme, "nodes", "--json"], capture_output=True, text=True, check=True).stdout
    names = args[2:] or [n for n in registry if f'"{n}"' in twins]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(rme, root, folder)
        for name in names:
            if "--update" in sys.argv:
                update(runs, root, name)
                continue
            for case in cases_of(root, name, pathlib.Path(folder), registry[name]):
                # Files reach a process of its own in another way.
                for level in ("auto", "process") if takes_files(registry[name]) else ("auto",):
                    found, _ = check(runs, name, case, level)
                    where = " (in a process)" if level == "process" else ""
                    print(f"{name}: {case['name']}{where}: {'same' if not found else 'DIFFERENT'}", *found,
                          sep="\n  " if found else " ")
                    failed += len(found) > 0
    sys.exit(f"{failed} cases differ" if failed else 0)


if __name__ == "__main__":
    main()
