# How a group of tests is written; sourced by ./test and by tests/groups/*.
#
# A group says first what it needs (`debian_packages`, `cargo_tool`, …, `prepare_step`), then `prepared "$@"`, then its
# steps, then `finish`. ./test calls it twice, first with the word `prepare`: what is installed and built then counts
# apart. Whatever can't be got fails the run.
set -u

# What tests download lives outside of the clone, so that a fresh clone does not download it again.
export HERALD_TEST_CACHE="${HERALD_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/herald-tests}"
# Python must not leave files in the clone.
export PYTHONDONTWRITEBYTECODE=1

failed_steps=()

fail() {
    echo "$*" >&2
    exit 1
}

# step COMMAND…: runs a step of the group; the group goes on when it fails, so that one run tells all.
step() {
    echo "--- $*"
    "$@" || failed_steps+=("$*")
}

# finish: ends the group.
finish() {
    [ ${#failed_steps[@]} -eq 0 ] && exit 0
    printf 'FAILED: %s\n' "${failed_steps[@]}"
    exit 1
}

# prepared "$@": ends here when only preparation was asked for.
prepared() {
    [ "${1-}" = prepare ] && exit 0
    return 0
}

# prepare_step COMMAND…: builds what the steps use. Steps would build it too; so its time counts as preparation.
prepare_step() {
    echo "--- $*"
    "$@" || fail "FAILED: $*"
}

# debian_packages NAME…: installs those that are missing.
debian_packages() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    echo "installing ${missing[*]}"
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    local install=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
    "${install[@]}" "${missing[@]}" >/dev/null 2>&1 && return
    # The package lists may be missing or old.
    "${root[@]}" apt-get update -qq && "${install[@]}" "${missing[@]}" >/dev/null ||
        fail "could not install ${missing[*]}; install them and run again"
}

# debian_servers NAME…: the same for packages that start a server as they are installed, and at each boot: not here.
debian_servers() {
    local root=() policy=/usr/sbin/policy-rc.d package missing=() status
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ -e "$policy" ]; then
        policy=
    else
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" install -m 755 /dev/stdin "$policy"
    fi
    (debian_packages "${missing[@]}")
    status=$?
    [ -z "$policy" ] || "${root[@]}" rm -f "$policy"
    [ $status -eq 0 ] || exit $status
    for package in "${missing[@]}"; do
        "${root[@]}" update-rc.d "$package" disable >/dev/null 2>&1 || true
    done
}

# cargo_tool NAME VERSION [FLAG…]: builds a program from crates.io, for a quick build rather than speed, and puts it
# on PATH.
cargo_tool() {
    local name=$1 version=$2 place="$HERALD_TEST_CACHE/$1-$2"
    shift 2
    if [ ! -x "$place/bin/$name" ]; then
        echo "building $name $version"
        CARGO_PROFILE_DEV_DEBUG=0 CARGO_TARGET_DIR="$place/target" \
            cargo install --quiet --locked --debug --root "$place" "$@" "$name@$version" ||
            fail "could not build $name $version"
        rm -rf "$place/target"
    fi
    PATH="$place/bin:$PATH"
}

# rust_components NAME…: adds those parts of the toolchain that are missing.
rust_components() {
    local component
    for component in "$@"; do
        cargo "$component" --version >/dev/null 2>&1 && continue
        rustup component add "$component" || fail "cargo $component is missing and rustup can't add it"
    done
}

# target_directory: where cargo puts what it builds.
target_directory() {
    echo "${CARGO_TARGET_DIR:-$PWD/target}"
}
