"""What a worker learns of a step outside of timing: whether it is awaited, what it gives away, its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class StepFacts:
    """Facts of a step, which travel as the JSON of `CaseLaunch.step_facts`; None is what was not looked at."""

    await_ns: float | None = None
    """What awaiting an empty coroutine costs in the same way, ns a call; None for a step that is not awaited."""
    tasks_left: int | None = None
    """Tasks of its event loop that the first call left unfinished."""
    children_cores: float | None = None
    """Cores that its living child processes kept busy while its blocks were timed."""
    subnormal_share: float | None = None
    """The largest share of subnormal numbers in a tensor that the step reads or gives."""
    subnormal_in: str = ""
    """Where that tensor is: `output`, `x`, `model.fc1.weight`."""

    @property
    def plain(self) -> dict[str, Any]:
        """The facts that are known, as JSON holds them."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> StepFacts:
        """The facts in a column; what a newer coursebench added is left out."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in plain.items() if name in known})

    @classmethod
    def worst(cls, found: Iterable[StepFacts]) -> StepFacts:
        """The largest of each number over launches."""
        every = list(found)

        def most(name: str) -> Any:
            return max((value for each in every if (value := getattr(each, name)) is not None), default=None)

        share = most("subnormal_share")
        where = next((each.subnormal_in for each in every if each.subnormal_share == share and share is not None), "")
        return cls(most("await_ns"), most("tasks_left"), most("children_cores"), share, where)
