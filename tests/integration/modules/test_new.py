"""`rme modules new`, build, test and a pipeline, for each language. Arguments: the command, then languages."""

import array
import os
import pathlib
import subprocess
import sys
import tempfile

RME = os.path.abspath(sys.argv[1])
PIPELINE = "version: 1\nnodes: [{id: m, module: NAME, params: {factor: 3}}]\n"


def run(folder, *words):
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=500)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def try_language(folder, lang):
    name = f"my_{lang}"
    run(folder, RME, "modules", "new", name, "--lang", lang)
    again = subprocess.run([RME, "modules", "new", name, "--lang", lang], cwd=folder, capture_output=True, text=True, check=False)
    assert again.returncode == 1 and "already" in again.stderr, again.stderr
    first = run(folder, RME, "modules", "build", name).stdout
    assert "built" in first, first
    assert "up to date" in run(folder, RME, "modules", "build", name).stdout
    run(folder, RME, "modules", "build", "--force", "--check", name)
    run(folder, RME, "modules", "verify", name)
    print(run(folder, sys.executable, f"modules/{name}/test.py", RME).stdout.strip())
    (folder / "p.yaml").write_text(PIPELINE.replace("NAME", name))
    (folder / "in.pcm").write_bytes(array.array("h", [1, -2, 20000]).tobytes())
    run(folder, RME, "run", "p.yaml", "-i", "in.pcm", "--format", "audio/pcm;format=s16le;rate=16000;channels=1", "--write", "bytes",
        "-o", "out.pcm")
    got = list(array.array("h", (folder / "out.pcm").read_bytes()))
    assert got == [3, -6, 32767], got
    print(f"{lang}: in a pipeline, too")


with tempfile.TemporaryDirectory() as place:
    for language in sys.argv[2:]:
        try_language(pathlib.Path(place), language)
