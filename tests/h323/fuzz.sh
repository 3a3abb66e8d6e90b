#!/bin/sh
# Runs the fuzz targets on the stable toolchain: every input of the kept corpus once, then new ones for a while.
#
# Usage: fuzz.sh [SECONDS] [TARGET...]     (10 seconds for each target; default all)
# HERALD_FUZZ_FOUND names a directory where new inputs are kept from run to run; else they are forgotten.
# A crash, a hang of more than 10 s or more than 1 GB of memory fails the run and leaves its input in fuzz/artifacts.
# covers: F-21
set -eu
cd "$(dirname "$0")/../../fuzz"

seconds=${1:-10}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- ras call_signalling presence_element wire_json package \
    names records operator configuration gatekeeper endpoint pidf cpim directory xmpp xmpp_stream

# What cargo-fuzz passes, without a sanitizer (those need a nightly toolchain; there is no unsafe code to watch): LLVM
# counts edges and hands comparisons to libFuzzer. With --target, build scripts and macros are not instrumented.
host=$(rustc -vV | sed -n 's/^host: //p')
sancov="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
sancov="$sancov -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
sancov="$sancov -Cllvm-args=-sanitizer-coverage-trace-compares"
RUSTFLAGS="--cfg fuzzing $sancov -Ccodegen-units=1" \
    cargo build --quiet --release --target "$host" --target-dir target

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for target in "$@"; do
    binary="target/$host/release/$target"
    found="${HERALD_FUZZ_FOUND:-$scratch}/$target"
    log="$scratch/$target.log"
    mkdir -p "$found"
    mkdir -p "artifacts/$target"
    limits="-timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 -max_len=8192 -artifact_prefix=artifacts/$target/"
    # libFuzzer puts what is new into the first directory.
    # shellcheck disable=SC2086
    if ! "$binary" $limits -max_total_time="$seconds" -print_final_stats=1 -verbosity=0 \
        "$found" "corpus/$target" >"$log" 2>&1; then
        tail -40 "$log"
        echo "$target FAILED; the input, if one did it, is in fuzz/artifacts/$target"
        exit 1
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    kept=$(find "corpus/$target" -type f | wc -l)
    new=$(find "$found" -type f | wc -l)
    echo "$target: $executions executions, $speed a second; $kept kept inputs, $new new; no crash"
done
