"""What the tests found on an accelerator, as Markdown for an issue or a mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

SAID = ("outcome", "why")


def markdown(found: Mapping[str, Any]) -> str:
    """The page: the machine, what it cannot do, and each test with what it wrote down."""
    facts, tests = found["facts"], found["tests"]
    named = [str(each["name"]) for each in (*facts["cuda"], *facts["accelerators"])]
    counts = Counter(each.get("outcome", "not run") for each in tests.values())
    lines = [
        f"# {found['kind']}: {', '.join(named)}",
        "",
        f"torch {facts['torch']['version']}, Python {facts['python']['version']}, {facts['os']['name']}, "
        f"coursebench {facts['libraries']['coursebench']}; "
        + ", ".join(f"{number} {name}" for name, number in sorted(counts.items())),
        "",
        "| cannot | why |",
        "| --- | --- |",
        *(f"| {name} | {_cell(reason)} |" for name, reason in found["capabilities"].items() if reason),
        "",
        "| test | ended | seen |",
        "| --- | --- | --- |",
    ]
    for name, entry in tests.items():
        seen = "; ".join(f"{what}: {value}" for what, value in entry.items() if what not in SAID)
        said = _cell("; ".join(filter(None, (entry.get("why"), seen))))
        lines.append(f"| {name} | {entry.get('outcome', 'not run')} | {said} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
