"""How a user points at cases: a glob on the workload (`matmul/*`), or a key, of which a part may be left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bench.plan.axis_values import Assign, own, universal
from bench.plan.catalog import Catalog, Workload
from bench.plan.error_messages import near
from bench.records import UNIVERSAL_AXES, UserError, Value, value_from_text

_NAME = re.compile(r"[\w-]+/[\w-]+")
_GLOB = re.compile(r"[*?\[\]]")


@dataclass(frozen=True)
class Pattern:
    """What a user wrote, taken apart but not yet held against the catalog."""

    text: str
    name: str
    """Of a workload, or a glob on it."""
    stated: Mapping[str, Value] | None
    """The axes a key states, in the words of the user; None where there is no key, but a bare name or glob."""
    origin: str

    @classmethod
    def parse(cls, text: str, origin: str = "") -> Pattern:
        """Take `matmul/*` or `matmul/square[size=64]` apart. Raises `UserError`.

        A bracket after a whole name, or with an equals sign in it, opens a key; any other belongs to the glob.
        """
        text = text.strip()
        head, bracket, rest = text.partition("[")
        if not (bracket and rest.endswith("]") and (_NAME.fullmatch(head) or "=" in rest)):
            return cls(text, text, None, origin)
        stated: dict[str, Value] = {}
        for part in filter(None, (part.strip() for part in rest[:-1].split(","))):
            axis, _, value = (item.strip() for item in part.partition("="))
            if not (axis and value):
                raise UserError(f"{origin}'{part}' in '{text}' is not axis=value")
            if axis in stated:
                raise UserError(f"{origin}'{text}' states the axis '{axis}' twice")
            stated[axis] = value_from_text(value)
        return cls(text, head, stated, origin)

    def workloads(self, catalog: Catalog) -> tuple[Workload, ...]:
        """Those it points at: at least one. Raises `UserError` with the nearest names."""
        found = catalog.matching(self.name)
        if not found:
            raise UserError(f"{self.origin}'{self.text}' matches no workload{near(self.name, catalog)}")
        return found

    def chosen(self, catalog: Catalog) -> tuple[Workload, ...]:
        """Those it selects. Raises `UserError` also for a key on a glob: not all it matches need have its axes."""
        if self.stated is not None and _GLOB.search(self.name):
            advice = f"select '{self.name}' and set the axes apart (--set, or 'set' in a preset)"
            raise UserError(f"{self.origin}'{self.text}' is half a glob, half a key: {advice}")
        return self.workloads(catalog)

    def literal(self, workload: Workload) -> dict[str, tuple[Value, ...]]:
        """The values the key states for `workload`. Raises `UserError` for an axis it lacks, or a wrong type."""
        stated = self.stated or {}
        return {axis: (self._value(workload, axis, value),) for axis, value in stated.items()}

    def _value(self, workload: Workload, axis: str, value: Value) -> Value:
        values = values_for(workload, Assign(axis, (value,), f"{self.origin}'{self.text}': "))
        if len(values) != 1:
            raise UserError(f"{self.origin}'{self.text}': a key states one value of an axis; give '{axis}' by --set")
        return values[0]


def values_for(workload: Workload, assign: Assign) -> tuple[Value, ...]:
    """The values `assign` gives to its axis in `workload`. Raises `UserError`: no such axis, or values of no use."""
    if assign.axis in UNIVERSAL_AXES:
        return universal(assign, workload.modes)
    if assign.axis not in workload.axes:
        known = [*workload.axes, *UNIVERSAL_AXES]
        raise UserError(f"{assign.origin}{workload.name} has no axis '{assign.axis}'{near(assign.axis, known)}")
    return own(assign.axis, workload.axes[assign.axis], assign, workload.name)


def has_axis(workload: Workload, axis: str) -> bool:
    """Whether the cases of `workload` have that axis."""
    return axis in UNIVERSAL_AXES or axis in workload.axes
