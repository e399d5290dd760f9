#!/usr/bin/env bash
# pyperf 2.10.0 gives its workers an environment of a dozen variables, and OMP_NUM_THREADS is none of them: who calls
# a benchmark with OMP_NUM_THREADS=1 measures all cores. Nothing is said, and the metadata of the result do not show
# it. The name must be given to --inherit-environ, or --copy-env be used.
#
# Seen: the process that was called has OMP_NUM_THREADS=1; its workers have none; with the option they have 1. No
# metadata of the result names the variable in either case.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check pyperf==2.10.0

cat > "$folder/mine.py" <<'PY'
import os
import sys

import pyperf

with open(sys.argv.pop(), "a") as seen:
    seen.write(f"{'--worker' in sys.argv} {os.environ.get('OMP_NUM_THREADS')}\n")


def keep_last(command, args):
    command.append(seen.name)


runner = pyperf.Runner(values=1, processes=1, warmups=0, add_cmdline_args=keep_last)
runner.bench_func("sum", sum, range(1000))
PY
cd "$folder"
export OMP_NUM_THREADS=1
env/bin/python mine.py --quiet -o plain.json "$folder/plain" > /dev/null
env/bin/python mine.py --quiet --inherit-environ=OMP_NUM_THREADS -o inherited.json "$folder/inherited" > /dev/null
echo "without: (is a worker, OMP_NUM_THREADS)"; sort -u plain
echo "with --inherit-environ:"; sort -u inherited
[ "$(sort -u plain)" = "$(printf 'False 1\nTrue None')" ]
[ "$(sort -u inherited)" = "$(printf 'False 1\nTrue 1')" ]
if grep -q OMP plain.json inherited.json; then exit 1; fi
