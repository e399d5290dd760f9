"""Thread counts of workers: the numbers behind the symbolic values of the axis `threads`."""

from __future__ import annotations

from bench.protocol import Hello
from bench.records import Value


def threads_of(symbolic: Value, hello: Hello) -> int:
    """The thread count behind `threads=…`: `physical` is the number of physical cores that a process may use here."""
    return int(hello.facts["cpu"]["physical"]) if symbolic == "physical" else int(symbolic)
