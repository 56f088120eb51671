#!/usr/bin/env bash
# docs.sh - make reference pages of the public headers in out/docs (make docs). A comment that Doxygen cannot read is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh docs
mkdir -p out/docs
doxygen - <<'END'
PROJECT_NAME           = "RemoteMedia Edge"
INPUT                  = include/rme
OUTPUT_DIRECTORY       = out/docs
OPTIMIZE_OUTPUT_FOR_C  = YES
JAVADOC_AUTOBRIEF      = YES
MACRO_EXPANSION        = YES
EXPAND_ONLY_PREDEF     = YES
PREDEFINED             = RME_EXPORT= RME_NODISCARD= "RME_PRINTF(a,b)="
EXTRACT_ALL            = YES
GENERATE_LATEX         = NO
HAVE_DOT               = NO
WARN_IF_INCOMPLETE_DOC = NO
QUIET                  = YES
WARN_AS_ERROR          = FAIL_ON_WARNINGS
END
echo "out/docs/html/index.html"
