# Everything that the examples and the tests need, from a fresh Debian or Ubuntu on. Sourced, not run:
#   need PROGRAM WHAT PACKAGE…   install Debian packages where a program is missing and installing is allowed
#   environment EXTRA…           the virtual environment .venv with the package in it, and the groups or packages named
#   checkers PACKAGE…            npm packages in .venv/node_modules, pinned: name@version
# After `environment`, $python is the interpreter to use.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

may_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

install_packages() {  # what for, then packages
    local what=$1 as_root=; shift
    if ! may_install; then
        echo "missing: $what; type:  sudo apt-get install -y $*" >&2
        return 1
    fi
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    echo "installing $* ($what)" >&2
    $as_root apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
        { echo "missing: $what; apt-get could not install $*" >&2; return 1; }
}

need() { command -v "$1" >/dev/null || install_packages "${@:2}"; }

find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$candidate"; return; }
    done
    return 1
}

environment() {
    local system; system=$(find_python) || { need python3.11 "Python" python3 python3-venv && system=$(find_python); } ||
        { echo "missing: Python 3.11 or newer" >&2; exit 1; }
    python="$root/.venv/bin/python"
    if ! "$python" -c 'import pip' 2>/dev/null; then
        "$system" -m venv --clear "$root/.venv" 2>/dev/null ||
            { install_packages "Python's venv" python3-venv && "$system" -m venv --clear "$root/.venv"; } || exit 1
    fi
    local wanted; wanted="$("$python" -V) $* $(cat "$root/pyproject.toml")"
    if [ "$(cat "$root/.venv/made-from" 2>/dev/null)" != "$wanted" ]; then
        echo "setting up .venv" >&2
        "$python" -m pip install -q --disable-pip-version-check --upgrade 'pip>=25.1' &&
            "$python" -m pip install -q --disable-pip-version-check -e "$root" "$@" || exit 1
        printf '%s' "$wanted" >"$root/.venv/made-from"
    fi
    "$python" -c 'import weasyprint' 2>/dev/null ||
        install_packages "Pango, for PDF" libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 || true
}

checkers() {
    [ "$(cat "$root/.venv/checkers" 2>/dev/null)" = "$*" ] && return
    echo "setting up $*" >&2
    npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$root/.venv" "$@" >/dev/null &&
        printf '%s' "$*" >"$root/.venv/checkers"
}
