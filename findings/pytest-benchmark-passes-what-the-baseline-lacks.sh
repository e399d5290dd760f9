#!/usr/bin/env bash
# pytest-benchmark 5.3.1: --benchmark-compare-fail looks a test up in the baseline by its full name, and passes what
# is not there. Of a test that was renamed, or whose parameters' ids changed, a slow-down by a factor of a hundred is
# no regression: exit code 0, no warning. So it is where the baseline has none of the tests that ran, though a missing
# baseline is an error.
#
# Seen: without a baseline exit code 4. The slow test under its old name: "Performance has regressed", exit code 1.
# Under a new one: exit code 0, and no line of the output has the word "regressed" or says that nothing was compared.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check pytest==9.0.1 pytest-benchmark==5.3.1
cd "$folder"
printf '[pytest]\naddopts = -q -p no:cacheprovider --benchmark-max-time=0.2\n' > pytest.ini

printf 'def test_total(benchmark):\n    benchmark(sum, range(1000))\n' > test_mine.py
code=0
"$folder/env/bin/python" -m pytest --benchmark-compare --benchmark-compare-fail=median:50% > said 2>&1 || code=$?
echo "no baseline: exit code $code"
[ "$code" != 0 ]
"$folder/env/bin/python" -m pytest --benchmark-save=base > said 2>&1

printf 'def test_total(benchmark):\n    benchmark(sum, range(100000))\n' > test_mine.py
code=0
"$folder/env/bin/python" -m pytest --benchmark-compare --benchmark-compare-fail=median:50% > said 2>&1 || code=$?
echo "slower, by the old name: exit code $code; $(grep -c 'has regressed' said || true) lines say 'has regressed'"
[ "$code" != 0 ]
grep -q "Performance has regressed" said

printf 'def test_renamed(benchmark):\n    benchmark(sum, range(100000))\n' > test_mine.py
code=0
"$folder/env/bin/python" -m pytest --benchmark-compare --benchmark-compare-fail=median:50% > said 2>&1 || code=$?
echo "slower, by a new name: exit code $code; $(grep -ciE 'regressed|not compared|warning' said || true) lines warn"
[ "$code" = 0 ]
if grep -qiE "regressed|not compared|warning" said; then exit 1; fi
