#!/usr/bin/env bash
# torch 2.13.0: torch.utils.flop_counter counts the operators that reach the dispatcher. nn.TransformerEncoderLayer in
# eval mode without gradients takes a fused operator (torch._transformer_encoder_layer_fwd), whose products it does
# not see: the same layer on the same numbers has some hundred thousand flops in train mode and none in eval mode,
# with no warning. A rate or a utilisation of inference by this counter is 0 then.
#
# Seen: train 786432, eval with gradients 786432, eval under no_grad 0; the two answers in eval agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check torch==2.13.0 numpy==2.3.5

cat > "$folder/seen.py" <<'PY'
import warnings

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

layer = nn.TransformerEncoderLayer(d_model=32, nhead=4, dim_feedforward=64, dropout=0.0, batch_first=True)
x = torch.randn(2, 24, 32)


def counted():
    with FlopCounterMode(display=False) as counter:
        out = layer(x)
    return counter.get_total_flops(), out.detach()


with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    train, _ = counted()
    layer.eval()
    with_gradients, slow = counted()
    with torch.no_grad():
        without, fast = counted()
print("train:", train, "eval with gradients:", with_gradients, "eval under no_grad:", without, "warnings:", len(said))
torch.testing.assert_close(slow, fast, rtol=1e-4, atol=1e-5)
assert train == with_gradients > 100_000
assert without == 0
assert not said, [str(each.message) for each in said]
PY
"$folder/env/bin/python" "$folder/seen.py" 2> "$folder/log" || { cat "$folder/log" >&2; exit 1; }
