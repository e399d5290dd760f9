#!/usr/bin/env bash
# torchinfo 1.8.0, torch 2.13.0: the multiply-adds of a Linear count the first dimension of its input alone. On (4,
# 16) a layer of 16 × 8 is 544 of them, which is right with its bias. On (4, 100, 16), a hundred times the rows, it is
# 544 again; on (1, 400, 16), the same 400 rows, 136. A Conv1d with a kernel of 1, the same arithmetic on the same
# numbers, is counted in full. So a model of sequences seems cheaper by its whole length, and more so the longer its
# sequences are.
#
# Seen: Linear on (4, 16): 544; on (4, 100, 16): 544; on (1, 400, 16): 136; Conv1d on (4, 16, 100): 54400.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check torch==2.13.0 numpy==2.3.5 torchinfo==1.8.0

cat > "$folder/seen.py" <<'PY'
import torch
from torch import nn
from torchinfo import summary


def counted(layer, *shape):
    return summary(layer, input_size=shape, verbose=0).total_mult_adds


linear, alike = nn.Linear(16, 8), nn.Conv1d(16, 8, kernel_size=1)
x = torch.randn(4, 100, 16)
with torch.no_grad():
    alike.weight.copy_(linear.weight.unsqueeze(-1))
    alike.bias.copy_(linear.bias)
    torch.testing.assert_close(linear(x), alike(x.transpose(1, 2)).transpose(1, 2))
found = {
    "Linear on (4, 16)": counted(linear, 4, 16),
    "Linear on (4, 100, 16)": counted(linear, 4, 100, 16),
    "Linear on (1, 400, 16)": counted(linear, 1, 400, 16),
    "Conv1d on (4, 16, 100)": counted(alike, 4, 16, 100),
}
print("\n".join(f"{name}: {number}" for name, number in found.items()))
assert list(found.values()) == [544, 544, 136, 54400], found
PY
"$folder/env/bin/python" "$folder/seen.py" 2> "$folder/log" || { cat "$folder/log" >&2; exit 1; }
