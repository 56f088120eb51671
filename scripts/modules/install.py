"""install.py ROOT DATADIR - copy the registry, its lock and the built modules (meson install runs it)."""

import os
import pathlib
import shutil
import sys


def main():
    root, to = pathlib.Path(sys.argv[1]), pathlib.Path(os.environ["MESON_INSTALL_DESTDIR_PREFIX"]) / sys.argv[2] / "rme"
    built = sorted((root / "build/modules").glob("*.wasm")) + sorted((root / "build/modules").glob("wasm32-*/*.wasm"))
    if not built:
        print("no modules are installed: scripts/build-modules.sh has not built them")
        return
    for path in [root / "wasm-modules.yaml", root / "wasm-modules.lock", *built]:
        target = to / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        print(f"Installing {path.relative_to(root)} to {target.parent}")


if __name__ == "__main__":
    main()
