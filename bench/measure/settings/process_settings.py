"""All settings of a process at a moment: taken down, compared, put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.measure.settings.python_settings import OF_PYTHON
from bench.measure.settings.torch_settings import OF_TORCH

SETTINGS = (*OF_TORCH, *OF_PYTHON)
"""About twenty; all are read in some 50 µs. One that sets others too stands before them."""

Snapshot = Mapping[str, Any]
"""By name of a setting: its value."""


class StuckSettingError(Exception):
    """A setting that cannot be put back; the text says which, and what it is now."""


def snapshot() -> Snapshot:
    """The present value of every setting."""
    return {setting.name: setting.read() for setting in SETTINGS}


def changes(before: Snapshot, after: Snapshot) -> dict[str, tuple[str, str]]:
    """By setting that differs: its value before and after, as text. Two values of one meaning are no difference."""
    told = {
        setting.name: setting.tell(before[setting.name], after[setting.name])
        for setting in SETTINGS
        if before[setting.name] != after[setting.name]
    }
    return {name: texts for name, texts in told.items() if texts[0] != texts[1]}


def put(wanted: Snapshot) -> None:
    """Set what differs from `wanted`. Raises `StuckSettingError` where a setting does not follow."""
    for setting in SETTINGS:
        if setting.write is not None and setting.read() != wanted[setting.name]:
            setting.write(wanted[setting.name])
    if stuck := changes(wanted, snapshot()):
        told = "; ".join(f"{name} is {now} and was {was}" for name, (was, now) in stuck.items())
        raise StuckSettingError(f"cannot be put back: {told}")
