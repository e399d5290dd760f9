"""One setting of a process: how it is read, put back, and shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

UNSET = "unset"


def as_text(value: Any) -> str:
    """A value for people: `on` and `off` for booleans, `unset` for None."""
    match value:
        case None:
            return UNSET
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def differing(before: Any, after: Any) -> tuple[str, str]:
    """Two unlike values as text; of mappings only the entries in which they differ."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return as_text(before), as_text(after)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    before_text, after_text = (
        ", ".join(f"{name}={as_text(each.get(name, UNSET))}" for name in names) for each in (before, after)
    )
    return before_text, after_text


@dataclass(frozen=True)
class Setting:
    """One thing that a process is set to, as a whole or for the thread that calls the step."""

    name: str
    read: Callable[[], Any]
    """The present value: a plain one, or a mapping from names to plain ones."""
    write: Callable[[Any], object] | None
    """Sets a value that was read before; None where Python and torch offer no way back."""
    tell: Callable[[Any, Any], tuple[str, str]] = differing
    """Two unlike values as text."""
