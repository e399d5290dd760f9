"""What the cases of a gate set their processes to, on either side."""

from __future__ import annotations

import json
from collections import defaultdict

from bench.analyse.findings.settings import told
from bench.records import SIDES
from bench.store.tables import RunData


def settings_doubts(data: RunData) -> dict[str, str]:
    """By key of a case that changed settings of its process: what it set, in words, and on which side."""
    found: dict[str, dict[str, dict[str, tuple[str, str]]]] = defaultdict(lambda: defaultdict(dict))
    rows = data.launches[~data.launches["twin"]]
    for key, side, text in rows[["key", "side", "changed_settings"]].itertuples(index=False):
        found[key][side] |= {name: (was, now) for name, (was, now) in json.loads(text).items()}
    return {key: _told(sides) for key, sides in found.items() if any(sides.values())}


def _told(sides: dict[str, dict[str, tuple[str, str]]]) -> str:
    base, head = (sides.get(side, {}) for side in SIDES)
    # What they found may differ, as the folders of the sides' trees do.
    if _since(base) == _since(head):
        return f"it sets {told(head)}, for its whole process"
    said = [f"on the {side} it sets {told(sides[side])}" for side in SIDES if sides.get(side)]
    return f"{', and '.join(said)}, for its whole process: the sides are not measured alike"


def _since(changed: dict[str, tuple[str, str]]) -> dict[str, str]:
    """By setting that was changed: what it is since."""
    return {name: now for name, (_, now) in changed.items()}
