"""Reading the policy of a gate: `[tool.coursebench.gate]` of a pyproject.toml, or a TOML file of its own.

    [tool.coursebench.gate]
    slack = 0.02
    fail-on = ["could_not_fail", "graph_breaks", "host_memory"]
    metric-slack = { host_memory = 0.05 }

    [[tool.coursebench.gate.case]]
    match = "io/*"
    slack = 0.05
    limit = 0.10

    [[tool.coursebench.gate.ignore]]
    match = "demo/*"
    reason = "not ours"

    [[tool.coursebench.gate.acknowledge]]
    match = "train/step"
    reason = "the new loss is dearer: #123"
    until = 2027-01-31

A file of its own has the same keys without the prefix `tool.coursebench.gate`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

from bench.plan.error_messages import near
from bench.plan.presets.checked_toml import Table, read_text
from bench.records import UserError
from bench.stats.gate_policy import FAIL_ON, METRICS, TIME, Acknowledged, CaseNumbers, GatePolicy, IgnoredCases

HOME = ("tool", "coursebench", "gate")

LEAST_ALPHA, MOST_ALPHA = 1e-9, 0.5


def read(path: Path) -> GatePolicy:
    """The policy in a file: below `[tool.coursebench.gate]` where it has such a table, else the whole file.

    Raises `UserError` with file and line for whatever is not understood.
    """
    table = Table.parse(str(path), read_text(path))
    inner = _below(table)
    return policy(inner if inner is not None else table)


def find(folder: Path) -> GatePolicy:
    """The policy of the nearest pyproject.toml at or above `folder` that has one; the defaults without one."""
    here = folder.absolute()
    for each in (here, *here.parents):
        path = each / "pyproject.toml"
        if path.is_file():
            inner = _below(Table.parse(str(path), read_text(path)))
            if inner is not None:
                return policy(inner)
        if (each / ".git").exists():
            break  # what lies above the repository is none of its policy
    return GatePolicy()


def policy(table: Table) -> GatePolicy:
    """The policy that a table states, its keys and values checked. Raises `UserError`."""
    table.only(("alpha", "slack", "limit", "fail-on", "metric-slack", "case", "ignore", "acknowledge"))
    default = GatePolicy()
    found = GatePolicy(
        alpha=_number(table, "alpha", LEAST_ALPHA, MOST_ALPHA, default.alpha),
        slack=_number(table, "slack", 0, 1, default.slack),
        limit=_number(table, "limit", 0, 1, default.limit),
        fail_on=_names(table, "fail-on", FAIL_ON),
        metric_slack=_slacks(table.table("metric-slack")),
        cases=tuple(map(_case, table.tables("case"))),
        ignored=tuple(map(_ignored, table.tables("ignore"))),
        acknowledged=tuple(map(_acknowledged, table.tables("acknowledge"))),
        source=table.label,
    )
    if found.limit < found.slack:
        raise table.fault(f"limit {found.limit:g} is below the slack {found.slack:g}", "limit")
    return found


def fail_on(words: Iterable[str]) -> tuple[str, ...]:
    """What `--fail-on` names: words, each perhaps several with commas. Raises `UserError` for an unknown one."""
    found = [name.strip().replace("-", "_") for word in words for name in word.split(",") if name.strip()]
    for name in found:
        if name not in FAIL_ON:
            raise UserError(f"--fail-on {name} is not known{near(name, FAIL_ON)}")
    return tuple(dict.fromkeys(found))


def refuse_expired(found: GatePolicy, today: datetime.date) -> None:
    """Raise `UserError` for an acknowledgement that ended before today, naming it."""
    for each in found.acknowledged:
        if each.until and datetime.date.fromisoformat(each.until) < today:
            raise UserError(
                f"{found.source}: the acknowledgement of '{each.match}' ended on {each.until} ({each.reason}): mend "
                "what it acknowledges, or give it another date"
            )


def _below(table: Table) -> Table | None:
    """The table at `HOME`; None if there is none."""
    for key in HOME:
        if key not in table.data:
            return None
        table = table.table(key)
    return table


def _case(table: Table) -> CaseNumbers:
    table.only(("match", "slack", "limit"))
    match = _match(table)
    if not {"slack", "limit"} & set(table.data):
        raise table.fault(f"'{match}' has neither slack nor limit", "match")
    slack, limit = (_number(table, name, 0, 1, 0.0) if name in table.data else None for name in ("slack", "limit"))
    if slack is not None and limit is not None and limit < slack:
        raise table.fault(f"limit {limit:g} is below the slack {slack:g}", "limit")
    return CaseNumbers(match, slack, limit)


def _ignored(table: Table) -> IgnoredCases:
    table.only(("match", "reason"))
    return IgnoredCases(_match(table), _reason(table))


def _acknowledged(table: Table) -> Acknowledged:
    table.only(("match", "reason", "metrics", "until", "commit"))
    match = _match(table)
    if ("until" in table.data) == ("commit" in table.data):
        raise table.fault(f"'{match}' needs either until = a date, or commit = a revision, and not both", "match")
    return Acknowledged(
        match, _reason(table), _names(table, "metrics", (TIME, *METRICS)), _date(table), table.text("commit").strip()
    )


def _match(table: Table) -> str:
    match = table.text("match").strip()
    if not match:
        raise table.fault("'match' is missing: a case key, or a glob on names such as 'matmul/*'")
    return match


def _reason(table: Table) -> str:
    reason = table.text("reason").strip()
    if not reason:
        raise table.fault(f"'{table.text('match')}' needs a reason: whoever reads the verdict will ask for it")
    return reason


def _date(table: Table) -> str:
    """The last day as ISO text, from a date of TOML or a text."""
    value = table.data.get("until")
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        value = value.date()
    if isinstance(value, str):
        try:
            value = datetime.date.fromisoformat(value.strip())
        except ValueError:
            raise table.fault(f"until {value!r} is no date: write 2027-01-31", "until") from None
    if not isinstance(value, datetime.date):
        raise table.fault(f"until {value!r} is no date: write 2027-01-31", "until")
    return value.isoformat()


def _names(table: Table, key: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    for name in table.texts(key):
        plain = name.replace("-", "_")
        if plain not in known:
            raise table.fault(f"'{name}' is not known{near(name, known)}", key)
        found.append(plain)
    return tuple(dict.fromkeys(found))


def _slacks(table: Table) -> dict[str, float]:
    found = {}
    for name in table.data:
        plain = name.replace("-", "_")
        if plain not in METRICS:
            raise table.fault(f"'{name}' is not known{near(name, METRICS)}", name)
        found[plain] = _number(table, name, 0, 100, 0.0)
    return found


def _number(table: Table, key: str, least: float, most: float, absent: float) -> float:
    if key not in table.data:
        return absent
    value = table.data[key]
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise table.fault(f"{key} must be a number between {least:g} and {most:g}, not {value!r}", key)
    return float(value)
