#!/usr/bin/env bash
# torch 2.13.0 for CPUs, Linux on x86-64, g++: a second process whose TORCHINDUCTOR_CACHE_DIR is warm (a hit of the FX
# graph cache, no miss) starts child processes all the same before its first answer, and compiles nothing in them. For
# each vector instruction set of the processor, and again for its extensions, a Python of its own loads a small library
# to see that it loads; g++ is asked three times what it is. A header is preprocessed too, only to be hashed. No process
# keeps the answers for the next one. So a warm start is for the most part a wait for children, and its time depends on
# the processor's instruction sets.
#
# Seen: 19 children in the cold process, 11 in the warm one. Of these 9 are started under
# torch._inductor.cpu_vec_isa.valid_vec_isa_list: 6 loads, for 3 instruction sets, and the 3 questions. Three quarters
# of the first call's time is in subprocess.run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check torch==2.13.0 numpy==2.3.5

cat > "$folder/seen.py" <<'PY'
import collections
import subprocess
import sys
import time
import traceback

import torch
from torch._dynamo.utils import counters
from torch._inductor import cpu_vec_isa

started, waited = [], [0.0]


def noted(event, arguments):
    if event == "subprocess.Popen":
        words = arguments[1] if isinstance(arguments[1], str) else " ".join(arguments[1])
        probe = any(frame.name == "valid_vec_isa_list" for frame in traceback.extract_stack())
        kind = "load" if "LoadLibrary" in words else "compile" if ".cpp" in words else "other"
        started.append(("probe, " if probe else "") + kind)


def timed(*arguments, plain=subprocess.run, **options):
    began = time.perf_counter()
    try:
        return plain(*arguments, **options)
    finally:
        waited[0] += time.perf_counter() - began


@torch.compile
def step(x):
    return torch.relu(x * 2 + 1).sum()


sys.addaudithook(noted)
subprocess.run = timed
began = time.perf_counter()
out = step(torch.ones(64, 64)).item()
took = time.perf_counter() - began
found, cache = collections.Counter(started), dict(counters["inductor"])
sets = len(cpu_vec_isa.valid_vec_isa_list())
print("children:", len(started), dict(found), "instruction sets:", sets)
print(f"cache: {cache}; first call {took:.1f} s, {waited[0] / took:.0%} of it in subprocess.run")
assert out == 64 * 64 * 3
if sys.argv[1] == "cold":
    assert cache.get("fxgraph_cache_miss") == 1, cache
else:
    assert cache.get("fxgraph_cache_hit") == 1 and "fxgraph_cache_miss" not in cache, cache
    probes = sum(number for kind, number in found.items() if kind.startswith("probe"))
    assert probes > len(started) / 2, found
    assert found["probe, load"] >= sets > 0, found
    assert not found["probe, compile"] + found["compile"], found
PY
export TMPDIR="$folder/tmp" TORCHINDUCTOR_CACHE_DIR="$folder/cache"
mkdir "$TMPDIR"
for process in cold warm; do
    echo "$process:"
    "$folder/env/bin/python" "$folder/seen.py" "$process" 2> "$folder/log" || { cat "$folder/log" >&2; exit 1; }
done
