"""Stacks as files for other programs: lines for `flamegraph.pl`, and JSON for speedscope."""

from __future__ import annotations

import json
import math
import re

from bench.analyse.profiles import frame_owner
from bench.present.flames.flame_svg import clean
from bench.present.flames.flame_tree import Stacks, merged

SCHEMA = "https://www.speedscope.app/file-format-schema.json"

_SECOND_COUNT = re.compile(r"\s(?=\d+(?:\.\d*)?$)")
"""Text in the innermost frame that `flamegraph.pl` takes for the first of the two counts of a differential line."""


def folded(stacks: Stacks, ns: float = 1.0) -> str:
    """A line for each stack, `outermost;…;innermost count`, sorted; for `flamegraph.pl` and speedscope.

    ns: the nanoseconds that a count stands for. Stacks whose count rounds to 0 are left out. In frames, `;` becomes
    `,`, and line breaks a space. Raises `ValueError` as `merged` does, and if `ns` is not above 0.
    """
    if not ns > 0:
        raise ValueError(f"a count cannot stand for {ns} ns")
    counts: dict[str, float] = {}
    for frames, weight in merged(stacks):
        stack = _SECOND_COUNT.sub("_", ";".join(clean(frame.replace(";", ",")) for frame in frames))
        counts[stack] = counts.get(stack, 0.0) + weight
    whole = {stack: round(weight * 1e9 / ns) for stack, weight in counts.items()}
    lines = sorted(f"{stack} {count}" for stack, count in whole.items() if count)
    return "".join(f"{line}\n" for line in lines)


def speedscope(stacks: Stacks, name: str) -> str:
    """The stacks as a sampled profile for speedscope, titled `name`: each stack is a sample, weighted in seconds.

    Frames keep their whole text as their name, because speedscope shows nothing else in a box; the file is given too,
    because it sets the colour. Raises `ValueError` as `merged` does.
    """
    cleaned = [(tuple(map(clean, frames)), weight) for frames, weight in merged(stacks)]
    places = {frame: place for place, frame in enumerate(sorted({frame for frames, _ in cleaned for frame in frames}))}
    profile = {
        "type": "sampled",
        "name": name,
        "unit": "seconds",
        "startValue": 0,
        "endValue": math.fsum(weight for _, weight in cleaned),
        "samples": [[places[frame] for frame in frames] for frames, _ in cleaned],
        "weights": [weight for _, weight in cleaned],
    }
    whole = {
        "$schema": SCHEMA,
        "name": name,
        "exporter": "coursebench",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(frame) for frame in places]},
        "profiles": [profile],
    }
    return json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def _frame(text: str) -> dict[str, str]:
    _, file = frame_owner.parts(text)
    return {"name": text, "file": file} if file else {"name": text}
