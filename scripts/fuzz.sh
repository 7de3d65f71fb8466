#!/usr/bin/env bash
# Lets libFuzzer look for bytes that break something, MINUTES for each target; TARGETS="patterns hooks" chooses. Works with the stable
# compiler: what libFuzzer has to know of the program's ways comes from stable flags, and sanitizers, which need a nightly one, look for
# what code without `unsafe` does not do. What it finds worth keeping comes into target/fuzz/new, what breaks something into target/fuzz/broken.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes="${MINUTES:-1}"
targets="${TARGETS:-patterns projects databases bodies hooks resume}"
host="$(rustc -vV | sed -n 's/^host: //p')"
broken="target/fuzz/broken"
mkdir -p "$broken" target/fuzz/new

# As cargo-fuzz has them. With a named target, so that build scripts and macros are built without.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Cdebug-assertions -Ccodegen-units=4"
cargo build --package fuzz --features libfuzzer --bin fuzz --target "$host" --target-dir target/fuzz

for target in $targets; do
  echo "== $target, $minutes min"
  mkdir -p "target/fuzz/new/$target"
  FUZZ_TARGET="$target" "target/fuzz/$host/debug/fuzz" -max_total_time=$((minutes * 60)) -max_len=8192 -rss_limit_mb=4096 \
    -timeout=30 -print_final_stats=1 -artifact_prefix="$broken/$target-" "target/fuzz/new/$target" "fuzz/corpus/$target" \
    2>&1 | tail -25
done
echo "What was found worth keeping lies in target/fuzz/new: put what is interesting into fuzz/corpus"
