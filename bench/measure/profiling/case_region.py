"""The region at which stacks are cut: blocks run inside a function that is named for the case."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType

from bench.measure.timing.blocks import Step, Synchronise, time_block
from bench.measure.timing.clocks import Clock


def named(key: str) -> Callable[[Clock, Step, int, Synchronise], int]:
    """`time_block` under the name of a case: a sampler sees it as `KEY (bench/measure/timing/blocks.py)`."""
    code = time_block.__code__.replace(co_name=key, co_qualname=key)
    return FunctionType(code, time_block.__globals__, key)


@cache
def spelt(code: CodeType) -> str:
    """A frame as py-spy spells it without line numbers: `name (file)`, the file from its outermost package on."""
    return f"{code.co_qualname} ({shortened(code.co_filename)})"


@cache
def shortened(filename: str) -> str:
    """A path from its outermost package on: `/a/b/torch/nn/functional.py` becomes `torch/nn/functional.py`."""
    path = Path(filename)
    folder = path.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return str(path.relative_to(folder)) if path.is_absolute() else filename
