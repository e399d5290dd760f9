"""Does an explanation name what was planted, and nothing where nothing was?

    python -m tests.agreement.planted_causes record FOLDER [--runs 10] [--causes item,loader] [--pairs 18]
    python -m tests.agreement.planted_causes judge FOLDER

Each run plants a cause in a copy of `tests/workload_files/slowing.py` and takes profile pairs of both files; what is
there already is not taken again. `nothing` compares a file with its copy, for each of the cases in turn.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.analyse.profiles.causes import Explained
from bench.analyse.profiles.difference import explain
from bench.analyse.profiles.exact_counts import Exact
from bench.plan.catalog import find
from bench.present.pages.difference_page import graph
from bench.records import BASE, HEAD, Case, ComparedCase, Planned, Settings
from bench.runner import machine_probe
from bench.runner.profiling import profile_pairs as profiling
from bench.runner.stop_request import Stop
from bench.runner.worker import HERE
from bench.store import profile_pair_tables

FILE = Path(__file__).parents[1] / "workload_files" / "slowing.py"


class Cause(NamedTuple):
    """A change of the file, and who may be named first for it: a function, an operator, or a graph break."""

    case: str
    old: str
    new: str
    right: tuple[str, ...]


STEP, EPOCH, INFER = "slowing/step", "slowing/epoch", "slowing/infer[mode=compile]"

CAUSES = {
    "matmul": Cause(
        STEP,
        "        h = torch.relu(self.second(h))\n        return self.last(h)",
        "        h = torch.relu(self.second(h)) + 0 * (h @ self.second.weight)\n        return self.last(h)",
        ("Net.forward (slowing.py)",),
    ),
    "item": Cause(
        STEP,
        "    history[:] = [losses.mean().detach()]",
        "    history[:] = [torch.tensor(sum(loss.item() for loss in losses[:100])) * 0 + losses.mean().detach()]",
        ("record (slowing.py)", "record.<locals>.<genexpr> (slowing.py)", "Tensor.__iter__ (torch/_tensor.py)"),
    ),
    "loader": Cause(
        EPOCH, "    return row.flip(0) * 2", "    return row.flip(0).sort().values * 2", ("augment (slowing.py)",)
    ),
    "float64": Cause(STEP, "torch.from_numpy(table).float()", "torch.from_numpy(table)", ("featurise (slowing.py)",)),
    "graph break": Cause(
        INFER,
        "        h = torch.relu(self.first(x))\n        return torch.relu(self.second(h))",
        "        h = torch.relu(self.first(x))\n        torch._dynamo.graph_break()\n"
        "        return torch.relu(self.second(h))",
        ("graph breaks",),
    ),
}

NOTHING = "nothing"


def record(folder: Path, cause: str, run: int, pairs: int) -> None:
    """Take the pairs of one run, and keep them."""
    out = folder / cause.replace(" ", "-") / str(run)
    if (out / profile_pair_tables.FOLDER).exists():
        return
    case = CAUSES[cause].case if cause in CAUSES else (STEP, EPOCH, INFER)[run % 3]
    files = {}
    for side in (BASE, HEAD):
        files[side] = out / side / FILE.name  # both names have four letters: paths are equally long
        files[side].parent.mkdir(parents=True, exist_ok=True)
        text = FILE.read_text()
        if side == HEAD and cause in CAUSES:
            assert CAUSES[cause].old in text, cause
            text = text.replace(CAUSES[cause].old, CAUSES[cause].new)
        files[side].write_text(text)
    planned = {}
    for side, file in files.items():
        found = find([file], installed=False)[Case.from_key(case).workload]
        planned[side] = Planned(replace(Case.from_key(case)), found.source)
    taken, stop = profile_pair_tables.ProfilePairs(), Stop()
    hello = machine_probe.look([], stop)
    began = time.monotonic()
    for each in profiling.profile_pairs(
        ComparedCase(planned[BASE], planned[HEAD]), {BASE: HERE, HEAD: HERE}, Settings(seed=run), hello, stop,
        out / "caches", pairs, None, run, lambda key, number: None,
    ):  # fmt: skip
        profiling.keep(taken, each)
    profile_pair_tables.write(out, {"keys": [planned[HEAD].case.key], "seconds": time.monotonic() - began}, taken)


def named(found: Explained) -> tuple[str, str]:
    """What is named first as slower, and the own function that called it; empty where nothing is."""
    first = found.first
    if first is None or (not isinstance(first, Exact) and first.difference_s < 0):
        return "", ""
    return (first.name, "") if isinstance(first, Exact) else (first.name, first.within)


def judge(folder: Path) -> None:
    """Print a line a run, and how often each cause was named.

    Right is who is named first: a function that was planted, one of torch that it called, or the graph break.
    """
    for cause in (*CAUSES, NOTHING):
        runs = sorted((folder / cause.replace(" ", "-")).glob("*"), key=lambda path: int(path.name))
        right = 0
        for run in runs:
            data = profile_pair_tables.read(run)
            if data is None:
                continue
            found = explain(data, data.facts["keys"][0])
            graph(found, data)  # raises where what was named has no place in the picture
            said = named(found)
            quiet = not (found.code.clear or found.operators.clear or found.loader.clear or found.exact)
            good = bool({*said} & {*CAUSES[cause].right}) if cause in CAUSES else quiet
            right += good
            step = found.step
            of_step, low, high = (each / step.base_s for each in (step.difference_s, step.low, step.high))
            print(
                f"{cause:12} {run.name:>3} {'right' if good else 'WRONG':5} {of_step:+.1%} [{low:+.1%}, {high:+.1%}] "
                f"{data.facts['seconds']:.0f} s: "
                f"{' in '.join(filter(None, said)) or '–'}; {len(found.code.clear)} clear"
            )
        print(f"{cause}: {right} of {len(runs)}\n")


def main() -> None:
    """Record or judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("record", "judge"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--causes", default=",".join((*CAUSES, NOTHING)))
    parser.add_argument("--pairs", type=int, default=18)
    options = parser.parse_args()
    if options.what == "judge":
        judge(options.folder)
        return
    for run in range(options.runs):
        for cause in options.causes.split(","):
            record(options.folder.resolve(), cause, run, options.pairs)


if __name__ == "__main__":
    main()
