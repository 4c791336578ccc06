#!/bin/sh
# Makes sure that what the build (or, with "test", also the tests) needs is there. Says nothing and changes nothing
# when it is. Installs what is missing with apt-get where that is possible without asking for a password; elsewhere it
# says what to install and fails. What only some tests need, which are left out without it, it installs if it can.
set -eu

if ! command -v "${SWIFT:-swift}" >/dev/null 2>&1; then
    cat >&2 <<'TEXT'
error: no "swift" in PATH; building lb takes Swift 6.3 or newer.
  get it:  https://www.swift.org/install/linux/
  or:      docker run --rm -it -v "$PWD:/lb" -w /lb swift:6.3 make test
TEXT
    exit 1
fi

missing() {
    command -v pkg-config >/dev/null 2>&1 || printf ' pkg-config'
    command -v pkg-config >/dev/null 2>&1 && pkg-config --exists yaml-0.1 || printf ' libyaml-dev'
    command -v pkg-config >/dev/null 2>&1 && pkg-config --exists sqlite3 || printf ' libsqlite3-dev'
    command -v pkg-config >/dev/null 2>&1 && pkg-config --exists libcrypto || printf ' libssl-dev'
    if [ "${1:-}" = test ]; then
        command -v curl >/dev/null 2>&1 || printf ' curl'
        command -v python3 >/dev/null 2>&1 || printf ' python3'
    fi
}

# The shells that lbctl completes words in, and what renders its manual.
wished() {
    [ "${1:-}" = test ] || return 0
    command -v zsh >/dev/null 2>&1 || printf ' zsh'
    command -v fish >/dev/null 2>&1 || printf ' fish'
    command -v man >/dev/null 2>&1 || printf ' man-db'
}

# What tries the admin API by its contract.
[ "${1:-}" != test ] || ! command -v python3 >/dev/null 2>&1 || sh "$(dirname "$0")/schemathesis.sh" >/dev/null ||
    echo "note: the test that needs it is left out" >&2

packages=$(missing "$@")
wishes=$(wished "$@")
[ -n "$packages$wishes" ] || exit 0

by_hand() {
    echo "error: $1" >&2
    if command -v apt-get >/dev/null 2>&1; then
        echo "  install them:  sudo apt-get update && sudo apt-get install -y$packages" >&2
    else
        echo "  install your system's packages of:$packages" >&2
        echo "  (Fedora: libyaml-devel sqlite-devel openssl-devel pkgconf; Alpine: yaml-dev sqlite-dev openssl-dev pkgconf)" >&2
    fi
    exit 1
}

do_without() {
    echo "note: $1; tests that need one of these are left out:$wishes" >&2
    exit 0
}

if ! command -v apt-get >/dev/null 2>&1; then
    [ -n "$packages" ] || do_without "there is no apt-get here"
    by_hand "missing, and there is no apt-get here:$packages"
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    # With a terminal sudo can ask; without one it would only hang or fail.
    as_root="sudo"
else
    [ -n "$packages" ] || do_without "installing takes root"
    by_hand "missing, and installing takes root:$packages"
fi

echo "installing what is missing:$packages$wishes" >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2 ||
    echo "warning: apt-get update failed; trying with the package lists that are here" >&2
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >&2
}
# shellcheck disable=SC2086 # lists of words
[ -z "$packages" ] || install $packages || by_hand "apt-get could not install:$packages"
# shellcheck disable=SC2086
[ -z "$wishes" ] || install $wishes || do_without "apt-get could not install them"

packages=$(missing "$@")
[ -z "$packages" ] || by_hand "still missing after apt-get:$packages"
