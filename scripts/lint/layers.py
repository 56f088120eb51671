"""Who may include whom. The rules are explained in docs/design/layers.md; this table is their one definition."""

import re

from tree import line_of

LAYERS = {
    "base": set(),
    "core": {"base"},
    "nodes": {"base", "core"},
    "route": {"base", "core"},
    "wasm": {"base", "core"},
    "rpc": {"base", "core"},
    "remote": {"base", "core", "rpc"},
    "config": {"base", "core"},
    "sign": {"base"},
    "report": {"base", "core"},
    "wan": {"base"},
    "serve": {"base", "core", "nodes", "route", "wasm", "rpc", "remote", "config", "report"},
    "cli": {"base", "core", "nodes", "route", "wasm", "rpc", "remote", "config", "report", "sign", "wan", "serve"},
}

# A third-party header and the layers that may see it. What is not listed here and is no system header may be used nowhere.
THIRD_PARTY = {
    r"wasmedge/": {"wasm"},
    r"grpc/": {"rpc"},
    r"(google/)?protobuf-c/|.*\.pb-c\.h$": {"rpc", "remote", "serve"},
    r"yaml\.h$": {"config"},
    r"sodium\.h$": {"sign"},
    r"yyjson\.h$": {"config", "serve", "nodes", "cli", "report", "wasm"},
    r"sndfile\.h$|soxr\.h$|pocketsphinx\.h$|pocketsphinx/|sphinxbase/|flite/": {"nodes"},
}

SYSTEM = re.compile(
    r"(assert|byteswap|complex|ctype|dirent|dlfcn|elf|endian|errno|fcntl|fenv|float|fnmatch|ftw|getopt|glob|inttypes|iso646|"
    r"langinfo|libgen|limits|link|locale|malloc|math|netdb|poll|pthread|pwd|sched|semaphore|setjmp|signal|spawn|stdalign|"
    r"stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|termios|threads|time|ucontext|unistd|"
    r"wchar|wctype|immintrin|cpuid)\.h$|(sys|net|netinet|arpa|linux|asm|sanitizer)/[a-z0-9_/-]+\.h$"
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>]*>|"[^"]*")', re.MULTILINE)


def _judge(layer, name, quoted):
    """What is wrong with layer including name, or None. layer "" is the public interface, include/rme."""
    for pattern, allowed in THIRD_PARTY.items():
        if re.match(pattern, name):
            return None if layer in allowed else f"only {', '.join(sorted(allowed))} may include {name}"
    if not quoted:
        if name.startswith("rme/") or SYSTEM.match(name):
            return None
        return f"<{name}> is neither a system header nor a library listed in scripts/lint/layers.py"
    if layer == "":
        return f'a public header includes only <rme/...> and system headers, not "{name}"'
    target = name.split("/")[0]
    if "/" not in name or target not in LAYERS:
        if layer == "nodes" and name.startswith("modules/"):
            return None  # an algorithm shared with the guest of the same name
        return f'"{name}": name the layer, as in "{layer}/{name}"'
    if target != layer and target not in LAYERS[layer]:
        return f'{layer}/ may not include {target}/ ("{name}")'
    return None


def check(tree):
    """Includes that break the order of the layers or bring a library where it does not belong."""
    findings = []
    for path in tree.files((".c", ".h"), ("src/", "include/")):
        layer = path.split("/")[1] if path.startswith("src/") else ""
        if layer and layer not in LAYERS:
            findings.append(f"{path}:1: folder {layer} is no layer: add it to scripts/lint/layers.py and docs/design/layers.md")
            continue
        text = tree.text(path)
        for m in INCLUDE.finditer(text):
            wrong = _judge(layer, m.group(1)[1:-1], m.group(1)[0] == '"')
            if wrong:
                findings.append(f"{path}:{line_of(text, m.start())}: {wrong}")
    return findings
