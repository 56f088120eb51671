"""Native twins of the modules in C (docs/design/modules-build.md).

twins.py --list ROOT LANGS           what meson compiles: lines "twin NAME FILE", "rust NAME", "kernel FILE", "include FOLDER", "depends FILE"
twins.py --table ROOT LANGS OUT.c    the table of node types that src/nodes/twin.h declares

LANGS is "c" or, where there is a cargo, "c,rust".
"""

import json
import pathlib
import re
import sys

from registry import BuildError, c_sources, listed, number_of, read

MODULE = re.compile(r"^RME_MODULE\(", re.MULTILINE)
KINDS = {"number": ("NUMBER", "number"), "integer": ("INT", "whole"), "boolean": ("BOOL", "boolean"),
         "string": ("TEXT", "text"), "asset": ("PATH", "text")}


def twins(root, langs):
    """(name, entry, files in C) of each module that is to run natively too."""
    for name, entry in read(root / "wasm-modules.yaml").items():
        on_server = "server" in entry.get("deploy", ["server"])
        source = entry.get("source", {})
        if on_server and source.get("lang") == "c":
            yield name, entry, c_sources(root, name, source["path"])
        elif on_server and source.get("lang") == "rust" and "rust" in langs:
            listing = root / source["path"] / "c-sources.txt"
            yield name, entry, listed(root, name, listing) if listing.exists() else []


def module_file(root, name, files):
    found = [f for f in files if MODULE.search((root / f).read_text(encoding="utf-8"))]
    if len(found) != 1:
        raise BuildError(f"{name}: want RME_MODULE( at the start of a line in one of its files, found {len(found)}")
    return found[0]


def from_modules(path):
    """A path as modules/meson.build names it."""
    return path.relative_to("modules") if path.is_relative_to("modules") else ".." / path


def print_list(root, langs):
    kernels, includes, depends = set(), set(), set()
    for name, entry, files in twins(root, langs):
        folder = pathlib.Path(entry["source"]["path"])
        if entry["source"]["lang"] == "rust":
            print("rust", name)
            crate = [p for base in (root / folder, root / "modules/sdk/rust") for p in base.rglob("*")]
            depends |= {p.relative_to(root) for p in crate if p.suffix in (".rs", ".toml", ".lock") and "target" not in p.parts}
        else:
            main = module_file(root, name, files)
            print("twin", name, from_modules(main))
            files = [f for f in files if f != main]
        kernels |= set(files)
        includes |= {f.parent for f in files} | {folder}
        depends |= {folder / f for f in ("sources.txt", "c-sources.txt") if (root / folder / f).exists()}
    for word, paths in (("kernel", kernels), ("include", includes), ("depends", depends)):
        for path in sorted(paths):
            print(word, from_modules(path))


def c_text(text):
    return "NULL" if text is None else json.dumps(text)


def fallback_of(param):
    value = param.get("default")
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value in (None, "") else str(value) if isinstance(value, str) else repr(value)


def range_of(param):
    low, high = param.get("min"), param.get("max")
    if param["type"] not in ("number", "integer") or low is None and high is None:
        return ""
    return f", .min = {low if low is not None else '-1e300'}, .max = {high if high is not None else '1e300'}"


def lists_of(symbol, param):
    """C arrays that a parameter needs, and the members that name them."""
    lines, members = [], []
    for key in ("choices", "files"):
        words = param.get(key) or []
        if words:
            lines.append(f"static const char *const {symbol}_{key}[] = {{{', '.join(map(c_text, words))}, NULL}};")
            members.append(f".{key} = {symbol}_{key}, .n_{key} = {len(words)}")
    return lines, members


def param_rows(name, index, key, param):
    """(lines before, row of the module's table, row of the node's table)."""
    kind, member = KINDS[param["type"]]
    symbol = f"{name}_{index}"
    lines, members = lists_of(symbol, param)
    choices = ""
    if param["type"] == "string" and param.get("choices"):
        kind, member, choices = "CHOICE", "choice", f", .choices = {symbol}_choices"
    if param["type"] == "asset":
        default = param.get("default") or ""
        if default and not default.startswith("/"):
            raise BuildError(f"{name}.{key}: the default of an asset must be an absolute path or empty")
        if param.get("max") is not None:
            members.append(f".has_max = true, .max = {number_of(param['max'])}")
        members.append(f".install = {c_text(param.get('install'))}")
    head = f".name = {c_text(key)}"
    entry = ", ".join([head, f".type = RME_MODULE_PARAM_{param['type'].upper()}", *members])
    required = "" if "default" in param else ", .required = true"
    fallback = fallback_of(param)
    node = (f"{head}, .kind = RME_PARAM_{kind}, .offset = {index} * sizeof(union rmi_twin_value)"
            f" + offsetof(union rmi_twin_value, {member}){choices}{required}{range_of(param)}"
            + (f", .fallback = {c_text(fallback)}" if fallback is not None else "")
            + f", .help = {c_text(param.get('help'))}")
    return lines, f"    {{{entry}}},", f"    {{{node}}},"


def flags_of(entry):
    words = ["RME_NODE_STATEFUL"]
    if entry.get("services"):
        words += ["RME_NODE_BLOCKING"]
    if entry.get("services") or any(p["type"] == "asset" for p in (entry.get("params") or {}).values()):
        words += ["RME_NODE_OUTSIDE"]
    return " | ".join(words)


def table_of(name, entry):
    before, module_rows, node_rows = [], [], []
    params = entry.get("params") or {}
    for index, (key, param) in enumerate(params.items()):
        lines, module_row, node_row = param_rows(name, index, key, param)
        before += lines
        module_rows.append(module_row)
        node_rows.append(node_row)
    services = entry.get("services") or []
    limits = entry.get("limits") or {}
    out = before + [f"extern const struct rme_native_module rme_native_{name};"]
    if services:
        out += [f"static const char *const {name}_services[] = {{{', '.join(map(c_text, services))}}};"]
    if params:
        out += [f"static const struct rme_module_param {name}_module_params[] = {{", *module_rows, "};"]
    out += [f"static const struct rme_param {name}_params[] = {{", *node_rows, "    {.name = NULL},", "};",
            f"static const struct rme_module_entry {name}_entry = {{",
            f"    .name = {c_text(name)},", f"    .input_text = {c_text(entry.get('input'))},",
            f"    .output_text = {c_text(entry.get('output'))},",
            f"    .params = {name + '_module_params' if params else 'NULL'},", f"    .n_params = {len(params)},",
            f"    .limits = {{.result_bytes = {int(number_of(limits.get('result', '64KiB')))}}},",
            f"    .services = {name + '_services' if services else 'NULL'},", f"    .n_services = {len(services)},", "};",
            f"static const struct rmi_twin_kind {name}_kind = {{",
            "    .type = {", f"        .name = {c_text(name)},", f"        .category = {c_text(entry['category'])},",
            f"        .help = {c_text(entry.get('help') or f'the module {name}, run natively')},",
            f"        .flags = {flags_of(entry)},", "        .state_size = RMI_TWIN_STATE_SIZE,",
            f"        .config_size = {max(len(params), 1)} * sizeof(union rmi_twin_value),",
            f"        .params = {name}_params,", "        .formats = rmi_twin_formats,", "        .open = rmi_twin_open,",
            "        .process = rmi_twin_process,", "        .flush = rmi_twin_flush,", "        .reset = rmi_twin_reset,",
            "        .close = rmi_twin_close,", "    },", f"    .entry = &{name}_entry,",
            f"    .module = &rme_native_{name},", "};", ""]
    return out


def write_table(root, langs, path):
    lines = ["/* generated by scripts/modules/twins.py from wasm-modules.yaml */", '#include "nodes/twin.h"', ""]
    names = []
    for name, entry, _ in twins(root, langs):
        lines += table_of(name, entry)
        names.append(name)
    lines += ["const struct rmi_twin_kind *const rmi_twins[] = {", *(f"    &{n}_kind," for n in names), "    NULL,", "};"]
    pathlib.Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    root = pathlib.Path(sys.argv[2])
    langs = sys.argv[3].split(",")
    if sys.argv[1] == "--list":
        print_list(root, langs)
    else:
        write_table(root, langs, sys.argv[4])


if __name__ == "__main__":
    try:
        main()
    except BuildError as e:
        sys.exit(f"twins: {e}")
