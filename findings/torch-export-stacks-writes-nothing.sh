#!/usr/bin/env bash
# torch 2.13.0: profile(with_stack=True) and then export_stacks, as the documentation shows them for a flame graph,
# write an empty file and say nothing: stacks of Python are taken, and are in export_chrome_trace, but no event has
# them unless experimental_config=torch._C._profiler._ExperimentalConfig(verbose=True) is given, a private name.
#
# Seen: 0 bytes without it, some lines with it, from the same step.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check torch==2.13.0 numpy==2.3.5

cat > "$folder/seen.py" <<'PY'
import os
import sys
import warnings

import torch
from torch.profiler import ProfilerActivity, profile


def step():
    a = torch.randn(256, 256)
    return (a @ a).relu().sum()


def stacks(name, **options):
    with profile(activities=[ProfilerActivity.CPU], with_stack=True, **options) as seen:
        step()
    path = os.path.join(sys.argv[1], name)
    seen.export_stacks(path, "self_cpu_time_total")
    seen.export_chrome_trace(f"{path}.json")
    with open(path) as file, open(f"{path}.json") as trace:
        return file.read(), "seen.py" in trace.read()


with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    plain, plain_traced = stacks("plain")
verbose, _ = stacks("verbose", experimental_config=torch._C._profiler._ExperimentalConfig(verbose=True))
print("bytes:", len(plain), "lines with verbose=True:", len(verbose.splitlines()), "trace has the file:", plain_traced)
print("warnings:", len(said))
assert plain == "", plain[:200]
assert plain_traced
assert "step" in verbose
PY
"$folder/env/bin/python" "$folder/seen.py" "$folder" 2> "$folder/log" || { cat "$folder/log" >&2; exit 1; }
