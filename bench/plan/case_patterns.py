"""How a user selects cases: a glob on the workload (`matmul/*`), or a key, whole or in part."""

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
    """What a user wrote, parsed but not yet compared with the catalog."""

    text: str
    name: str
    """Name of a workload, or a glob on it."""
    stated: Mapping[str, Value] | None
    """The axes that a key states, as the user wrote them; None for a bare name or glob."""
    origin: str

    @classmethod
    def parse(cls, text: str, origin: str = "") -> Pattern:
        """Parse `matmul/*` or `matmul/square[size=64]`. Raises `UserError`.

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
        """The workloads it matches, at least one. Raises `UserError` with the nearest names."""
        found = catalog.matching(self.name)
        if not found:
            raise UserError(f"{self.origin}'{self.text}' matches no workload{near(self.name, catalog)}")
        return found

    def chosen(self, catalog: Catalog) -> tuple[Workload, ...]:
        """The workloads it selects. Raises `UserError` also for a glob with axes: some of its matches may lack them."""
        if self.stated is not None and _GLOB.search(self.name):
            advice = f"select '{self.name}' and set the axes apart (--set, or 'set' in a preset)"
            raise UserError(f"{self.origin}'{self.text}' mixes a glob with axes: {advice}")
        return self.workloads(catalog)

    def literal(self, workload: Workload) -> dict[str, tuple[Value, ...]]:
        """The values that the key states for `workload`. Raises `UserError` for an axis it lacks, or a wrong type."""
        stated = self.stated or {}
        return {axis: (self._value(workload, axis, value),) for axis, value in stated.items()}

    def _value(self, workload: Workload, axis: str, value: Value) -> Value:
        values = values_for(workload, Assign(axis, (value,), f"{self.origin}'{self.text}': "))
        if len(values) != 1:
            raise UserError(f"{self.origin}'{self.text}': a key states one value of an axis; give '{axis}' by --set")
        return values[0]


def values_for(workload: Workload, assign: Assign) -> tuple[Value, ...]:
    """The values that `assign` gives to its axis in `workload`. Raises `UserError` for a missing axis or bad values."""
    if assign.axis in UNIVERSAL_AXES:
        return universal(assign, workload.modes)
    if assign.axis not in workload.axes:
        known = [*workload.axes, *UNIVERSAL_AXES]
        raise UserError(f"{assign.origin}{workload.name} has no axis '{assign.axis}'{near(assign.axis, known)}")
    return own(assign.axis, workload.axes[assign.axis], assign, workload.name)


def has_axis(workload: Workload, axis: str) -> bool:
    """Whether the cases of `workload` have that axis."""
    return axis in UNIVERSAL_AXES or axis in workload.axes
