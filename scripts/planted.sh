#!/usr/bin/env bash
# Plants bugs one after the other (features that nobody else switches on) and sees whether the proofs find them. Prints who found
# which, and in which words. Fails if one escapes a proof that must find it, or if a proof finds something where nothing is planted.
set -euo pipefail
cd "$(dirname "$0")/.."

# Few seeds: a bug that needs many to be found is hardly found.
export SEEDS="${SEEDS:-40}" FIRST_SEED="${FIRST_SEED:-0}"
export CARGO_TERM_COLOR=never RUST_BACKTRACE=0

# The proofs: what `cargo test` is given for each.
declare -A PROOFS=(
  [algebra]="-p engine --lib -- pattern::"
  [rules]="-p engine --test rules"
  [histories]="-p engine --test simulation -- random_histories"
  [witness]="-p hub --lib -- whatever_fails"
  [hub]="-p hub --test it -- requests:: failing:: recovery:: order::"
)

# The bugs: a feature, and the proofs that must find it.
BUGS=(
  "hub/planted-acknowledge-before-commit witness hub"
  "hub/planted-publish-uncommitted witness hub"
  "hub/planted-drop-request-id witness hub"
  "engine/planted-forget-fence rules histories witness"
  "engine/planted-skip-waiter rules histories witness"
  "engine/planted-pattern-off-by-one algebra histories witness"
)

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
escaped=0

# prove PROOF [FEATURE]: true when the proof finds nothing. What cannot be built proves nothing, and ends everything.
prove() {
  local what=(--quiet ${2:+--features "$2"} ${PROOFS[$1]})
  if ! cargo test --no-run "${what[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    exit 2
  fi
  cargo test "${what[@]}" >"$log" 2>&1
}

# Which test failed first, and what it had to say: the line below its "panicked at", of a script the problem at its end.
words() {
  local test said
  test="$(sed -n 's/^---- \(.*\) stdout ----$/\1/p;T;q' "$log" | sed 's/.*:://')"
  said="$(sed -n '/panicked at/{n;p;q}' "$log" | sed -E 's/Some\("after step.* \}: (.*)"\)$/\1/')"
  echo "${test:+$test: }$said" | cut -c1-140
}

row() {
  printf '%-36s %-10s %-8s %s\n' "$@"
}

row BUG PROOF FINDS WORDS
for proof in "${!PROOFS[@]}"; do
  if prove "$proof"; then
    row none "$proof" nothing ""
  else
    row none "$proof" something "$(words)"
    escaped=$((escaped + 1))
  fi
done
for bug in "${BUGS[@]}"; do
  read -r feature proofs <<<"$bug"
  for proof in $proofs; do
    if prove "$proof" "$feature"; then
      row "${feature#*/planted-}" "$proof" NOTHING ""
      escaped=$((escaped + 1))
    else
      row "${feature#*/planted-}" "$proof" it "$(words)"
    fi
  done
done
[ "$escaped" = 0 ] || echo "$escaped proofs did not do what they are there for" >&2
exit "$((escaped > 0))"
