#!/usr/bin/env bash
# docs/configuration.md is what the program says about its configuration; `configuration.sh --write` makes it anew.
set -eu
cd "$(dirname "$0")/.."
reference=$(cargo run --quiet --locked --all-features -p herald -- config reference)
if [ "${1-}" = --write ]; then
    printf '%s\n' "$reference" >docs/configuration.md
else
    diff -u docs/configuration.md <(printf '%s\n' "$reference") ||
        { echo "docs/configuration.md is not up to date; run tests/configuration.sh --write"; exit 1; }
fi
