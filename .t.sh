#!/bin/bash
# run inside the root: build both, run serve tests
cd /work/wt-serve
clang-format -i src/serve/*.[ch] tests/unit/serve/*.[ch] 2>/dev/null
for b in build build-asan; do ninja -j2 -C $b 2>&1 | grep -E "error|warning:|FAILED|undefined" | head -${LINES_MAX:-20}; done
for t in build-asan/tests/unit/serve/test_serve_*; do [ -f $t ] && [ -x $t ] && { $t >/tmp/o.txt 2>&1 && echo "ok $(basename $t)" || { echo "FAIL $t"; tail -40 /tmp/o.txt; }; }; done
