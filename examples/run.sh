#!/usr/bin/env bash
# The first handout: the worked solution of "Apple next to an orange" as PDF, HTML and JSON, in out/.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
environment
mkdir -p "$root/out"
handout="$root/out/apple-and-orange"
problem="$root/examples/apple-and-orange/problem.toml"
if "$python" -c 'import weasyprint' 2>/dev/null; then
    "$python" -m tracer solve "$problem" -o "$handout.pdf" -o "$handout.html" -o "$handout.json"
else
    "$python" -m tracer solve "$problem" -o "$handout.html" -o "$handout.json"
fi
