"""make_modules.py WAT2WASM FOLDER LIST - writes the hostile modules, and the list of them for test_hostile_set.

The list has a line per module: name, way it is run, time limit in ms, items, most rounds, what is to become of it, a text
that its error has, what it attacks; between tabs.
"""

import concurrent.futures
import pathlib
import subprocess
import sys

import bombs
import lies
import loops
import malformed
import traps

FATES = {"refused", "stopped", "trapped", "failed", "harmless"}
LIMIT_MS = {"stopped": 2}  # what is to end by itself gets time enough for any machine


class Set:
    """Collects modules."""

    def __init__(self, wat2wasm, folder):
        self.wat2wasm, self.folder, self.lines, self.pending = wat2wasm, folder, {}, []

    def add(self, name, attacks, fate, text, source, via="node", limit_ms=None, items="small", rounds=1000000):
        assert fate in FATES and name not in self.lines and "\t" not in attacks + text, name
        limit = limit_ms or LIMIT_MS.get(fate, 2 if name.startswith("loop_in") else 10000)
        self.lines[name] = "\t".join([name, via, str(limit), items, str(rounds), fate, text, " ".join(attacks.split())])
        self.pending.append((name, source))

    def write(self, entry):
        name, source = entry
        path = self.folder / f"{name}.wasm"
        if isinstance(source, bytes):
            path.write_bytes(source)
            return
        wat = path.with_suffix(".wat")
        wat.write_text(source, encoding="utf-8")
        subprocess.run([self.wat2wasm, "--enable-all", wat, "-o", path], check=True)


def main(wat2wasm, folder, listing):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = Set(wat2wasm, folder)
    for part in (loops, traps, bombs, lies, malformed):
        part.modules(chosen.add)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(chosen.write, chosen.pending))
    pathlib.Path(listing).write_text("\n".join(chosen.lines.values()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
