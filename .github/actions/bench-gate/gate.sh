#!/usr/bin/env bash
# One gate, from the inputs of the action in the environment. Ends as `bench gate` does: with 1 for a verdict alone.
set -euo pipefail
set -f # a glob is the gate's to read
verdict=false
trap 'code=$?; if [ "$code" -eq 1 ] && [ "$verdict" != true ]; then exit 70; fi' EXIT

out="${RUNNER_TEMP:-/tmp}/bench-gate"
rm -rf "$out" # what an earlier call left is none of this one's
mkdir -p "$out"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "files=$out" >> "$GITHUB_OUTPUT"

words=(--budget "$BUDGET" --out "$out/pairs" --quiet --annotations)
words+=(--json "$out/gate.json" --markdown "$out/gate.md" --junit "$out/gate.xml")
words+=(--comment "$out/comment.md" --badge "$out/badge.json")
if [ -z "$BASE" ] && [ -n "${GITHUB_BASE_REF:-}" ]; then BASE="origin/$GITHUB_BASE_REF"; fi
[ -z "$BASE" ] || words+=(--base "$BASE")
[ -z "$HEAD_SIDE" ] || words+=(--head "$HEAD_SIDE")
[ -z "$PRESET" ] || words+=(--preset "$PRESET")
[ -z "$SETUP" ] || words+=(--setup "$SETUP")
[ -z "$POLICY" ] || words+=(--policy "$POLICY")
[ -z "$FAIL_ON" ] || words+=(--fail-on "$FAIL_ON")
[ "$EXPLAIN" != true ] || words+=(--explain)

IFS=$' \t\n' read -r -d '' -a files <<< "$WORKLOADS" || true
for file in "${files[@]}"; do words+=(--workloads "$file"); done
IFS=$' \t\n' read -r -d '' -a selected <<< "$SELECT" || true
if [ -n "$PYTEST" ]; then
  words+=(--pytest)
  if [ "$PYTEST" != true ]; then IFS=$' \t\n' read -r -d '' -a selected <<< "$PYTEST $SELECT" || true; fi
fi

code=0
coursebench gate "${words[@]}" -- "${selected[@]}" || code=$?
# A program that cannot be started, or another one of this name, ends with 1 too, and left no verdict.
if grep -q '"exit_code": 1,' "$out/gate.json" 2>/dev/null; then verdict=true; fi
if [ "$code" -eq 1 ] && [ "$verdict" != true ]; then
  echo "::error::bench gate ended with 1 and left no verdict: see its words above"
fi
exit "$code"
