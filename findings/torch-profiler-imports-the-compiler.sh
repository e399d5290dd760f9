#!/usr/bin/env bash
# torch 2.13.0: the first use of torch.profiler.profile in a process imports Dynamo and Inductor, about a second of CPU,
# for a profile that needs neither. torch.autograd.profiler.profile, which it is built on, records the same operators and
# the same allocations in about a millisecond and imports nothing.
#
# Seen: torch.profiler's first use takes 0.9 s of CPU, its second 1 ms; the older class 2 ms at its first use.
# Whoever profiles one step of a short program pays a hundred times the step for it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check torch==2.13.0 numpy==2.3.5

cat > "$folder/seen.py" <<'PY'
import sys
import time

import torch

a = torch.randn(8, 8)
took = {}


def cpu_s(name, made):
    began = time.process_time()
    with made as seen:
        a @ a
    took[name] = time.process_time() - began
    results = seen.kineto_results if hasattr(seen, "kineto_results") else seen.profiler.kineto_results
    return [event.name() for event in results.events() if event.name().startswith("aten::") or event.name() == "[memory]"]


first = cpu_s("autograd", torch.autograd.profiler.profile(profile_memory=True, use_kineto=True, acc_events=True))
print("torch.autograd.profiler:", f"{took['autograd']:.4f} s of CPU;", "Dynamo imported:", "torch._dynamo" in sys.modules)
assert "torch._dynamo" not in sys.modules
second = cpu_s("torch.profiler", torch.profiler.profile(profile_memory=True, acc_events=True))
print("torch.profiler:", f"{took['torch.profiler']:.4f} s of CPU;", "Dynamo imported:", "torch._dynamo" in sys.modules)
assert "torch._dynamo" in sys.modules
cpu_s("again", torch.profiler.profile(profile_memory=True, acc_events=True))
print("torch.profiler again:", f"{took['again']:.4f} s of CPU")
assert {"aten::mm", "[memory]"} <= set(first), first
assert {"aten::mm", "[memory]"} <= set(second), second
assert took["torch.profiler"] > 20 * max(took["autograd"], took["again"])
PY
"$folder/env/bin/python" "$folder/seen.py" 2> "$folder/log" || { cat "$folder/log" >&2; exit 1; }
