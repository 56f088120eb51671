"""No writable data with static lifetime in the library: everything hangs on an object."""

import re
import subprocess

WRITABLE = re.compile(r"^(\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*)")
ROW = re.compile(r"^[0-9a-f]+ .{7} (\S+)\t[0-9a-f]+ +(?:\.hidden )?(\S+)$")

# File and symbol that must be one per process, with the reason.
ALLOWED = {
    ("process.c", "log_to"): "gRPC has one log function per process and hands it no context",
    ("process.c", "log_ctx"): "goes with log_to",
    ("fault_guard.c", "guard"): "signal handlers are of the process; read by them",
    ("fault_guard.c", "passing"): "of the thread whose signal is passed on",
    ("fault_guard.c", "check_lock"): "guards who replaced our signal handlers",
    ("lane.c", "thread_part"): "what a thread needs to run guests; read by signal handlers",
    ("task.c", "this_worker"): "which worker a thread is: tasks can be pinned to it",
    ("twin_host.c", "running"): "a module's imports carry no context, so the thread knows which one it is in",
    ("wasm_process.c", "the_process"): "libwasmedge and its signal handlers are there once per process",
    ("wasm_process.c", "process_lock"): "guards the_process",
    ("speech_voice.c", "voices_lock"): "Flite registers voices in globals of its own; this lock guards them",
    ("speech_voice.c", "voices"): "the voices loaded so far; Flite keeps one of each per process",
}


def check(tree):
    """Writable globals and static variables in the objects of src/ (not src/cli). Needs a build."""
    objects = sorted(o for o in (tree.build / "src").glob("**/*.o") if not o.is_relative_to(tree.build / "src" / "cli"))
    if not objects:
        return [f"{tree.build}:1: no objects: build first (make build)"]
    findings = []
    for obj in objects:
        source = re.sub(r"\.o$", "", obj.name)
        out = subprocess.run(["objdump", "-t", str(obj)], capture_output=True, text=True, check=True).stdout
        for row in out.splitlines():
            m = ROW.match(row)
            if m and WRITABLE.match(m.group(1)) and not m.group(2).startswith("."):
                if (source, m.group(2)) not in ALLOWED:
                    findings.append(f"src/{obj.parent.parent.name}/{source}:1: writable global {m.group(2)} ({m.group(1)})")
    return findings
