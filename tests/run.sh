#!/usr/bin/env bash
# All tests, set-up included. With --full also those that need a browser, TeX and PyTorch, which are installed.
# Further arguments go to pytest: bash tests/run.sh -k masks
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../examples/setup.sh"
group=(-m "not full")
extra=(--group "$root/pyproject.toml:test")
if [ "${1:-}" = --full ]; then
    shift
    group=()
    extra+=(--group "$root/pyproject.toml:full" --no-compile)  # of PyTorch's ten thousand files few are imported
    need chromium "a browser" chromium
    need pdftotext "a PDF reader" poppler-utils
    need soffice "a spreadsheet program" libreoffice-calc-nogui
    need pdflatex "TeX" texlive-latex-base texlive-latex-recommended
    need java "Java, for the Nu validator" default-jre-headless
    need npm "npm, for axe and the Nu validator" npm
fi
environment "${extra[@]}"
if [ "${#group[@]}" = 0 ]; then checkers axe-core@4.14.1 vnu-jar@26.9.27; fi
cd "$root"
"$python" -m ruff check .
"$python" -m ruff format --check .
"$python" -m mypy
"$python" -m pytest -q -n auto --dist loadfile "${group[@]}" "$@"
