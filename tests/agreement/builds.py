"""Builds that take turns, the raw data of each turn, and intervals and tables of them, for the scripts beside this one.

A build is an interpreter that has a `bench` of its own. It is run as `python -m bench …` and read as JSON, so that no
process ever holds the packages of two builds. Turns are kept in a file as soon as they were taken: a script that was
interrupted goes on from there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from scipy import stats

ROOT = Path(__file__).parents[2]
WORKLOAD_FILES = ROOT / "tests" / "workload_files"
GRACE_S = 30.0
"""Seconds that an interrupted command has to end its workers."""
DRAWS = 2000
"""Resamples of a bootstrap."""

Who = tuple[str, ...]
Turn = dict[str, Any]
Round = TypeVar("Round")


@dataclass(frozen=True)
class Ended:
    """What a command took, and how it ended. code: its exit code; None where it was interrupted for its limit."""

    wall_s: float
    cpu_s: float
    """CPU of the command and of all processes that it waited for."""
    code: int | None
    text: str


def run(words: Sequence[str], folder: Path, limit_s: float | None = None, allowed: Sequence[int] = (0,)) -> Ended:
    """Run a command in a folder. Raises `RuntimeError`, with what it said, where its exit code is none of the allowed.

    A command that passes its limit is interrupted as by Ctrl-C, so that it ends its own processes.
    """
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    child = subprocess.Popen(words, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    code: int | None
    try:
        text, _ = child.communicate(timeout=limit_s)
        code = child.returncode
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGINT)
        text, _ = child.communicate(timeout=GRACE_S)
        code = None
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=GRACE_S)  # Ctrl-C reached it too, and it has workers of its own to end
        raise
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    wall_s, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if code is not None and code not in allowed:
        raise RuntimeError(f"{' '.join(map(str, words))}: exit code {code}\n{text[-3000:]}")
    return Ended(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, code, text)


@dataclass(frozen=True)
class Build:
    """An interpreter with a `bench`, by the name that the tables give it."""

    name: str
    python: str

    @classmethod
    def read(cls, text: str) -> Build:
        """`NAME=/path/to/python`. Raises `argparse.ArgumentTypeError` where that is no file that can be run."""
        name, _, path = text.partition("=")
        python = Path(path).absolute()  # not resolved: the link is what makes it the interpreter of its environment
        if not name or not os.access(python, os.X_OK) or python.is_dir():
            raise argparse.ArgumentTypeError(f"'{text}' is not NAME=/path/to/python")
        return cls(name, str(python))

    @property
    def program(self) -> list[str]:
        """Its `bench`, and never one that lies in the folder where it is run, as a checkout's does."""
        return [self.python, "-P", "-m", "bench"]

    def bench(self, words: Sequence[str], folder: Path, **options: Any) -> Ended:
        """Run `bench …` in a folder; options as of `run`."""
        return run([*self.program, *words], folder, **options)

    def rows(self, folder: Path, *words: str) -> list[dict[str, Any]]:
        """Rows of the run in `folder`/run, as `bench show` gives them to programs: one a case and clock."""
        command = [*self.program, "show", "run", "--format", "json", *words]
        done = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows


def parser(text: str | None, rounds: int, builds: bool = True) -> argparse.ArgumentParser:
    """A parser with the options that all scripts have; text: the docstring of the script."""
    found = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    if builds:
        found.add_argument(
            "--build", type=Build.read, action="append", dest="builds", metavar="NAME=PYTHON",
            help="a build by its interpreter; repeatable; ratios are to the first one (default: this interpreter)",
        )  # fmt: skip
    found.add_argument("--rounds", type=int, default=rounds, help="rounds in all, with those in --out (%(default)s)")
    found.add_argument("--out", type=Path, metavar="FILE.json", help="keep raw data here, and go on from what is there")
    return found


def chosen(options: argparse.Namespace) -> list[Build]:
    """The builds that were asked for. Raises `SystemExit` where two have one name."""
    builds: list[Build] = options.builds or [Build("bench", sys.executable)]
    if len({build.name for build in builds}) < len(builds):
        raise SystemExit("two builds have one name")
    return builds


class RawData:
    """Turns that were taken, and the file that keeps them."""

    def __init__(self, path: Path | None, asked: Mapping[str, Any]) -> None:
        """asked: what must be the same for turns to be put together. Raises `SystemExit` where the file has another."""
        self.asked = json.loads(json.dumps(asked))
        self.turns: list[Turn] = []
        self._path = path
        if path is not None and path.exists():
            kept = json.loads(path.read_text())
            if kept["asked"] != self.asked:
                raise SystemExit(f"{path} keeps turns of {kept['asked']}, asked for is {self.asked}")
            self.turns = kept["turns"]

    def take(self, rounds: int, who: Sequence[Who], measure: Callable[[Who, int], Turn]) -> None:
        """Let all take their turn in each round, in random order; turns that are kept are not taken again."""
        taken = {(turn["round"], *turn["who"]) for turn in self.turns}
        for number in range(rounds):
            for each in random.Random(number).sample(who, len(who)):
                if (number, *each) in taken:
                    continue
                started = time.monotonic()
                self.turns.append({"round": number, "who": list(each), **measure(each, number)})
                self._keep()
                took = f"{time.monotonic() - started:.1f} s"
                print(f"round {number + 1} of {rounds}: {' '.join(each)}, {took}", file=sys.stderr, flush=True)

    def of(self, *who: str) -> list[Turn]:
        """Turns of one of those who take turns, by round."""
        found = [turn for turn in self.turns if tuple(turn["who"]) == who]
        return sorted(found, key=lambda turn: int(turn["round"]))

    def _keep(self) -> None:
        if self._path is not None:
            fresh = self._path.with_suffix(".part")  # a file half written would lose all turns
            fresh.write_text(json.dumps({"asked": self.asked, "turns": self.turns}))
            fresh.replace(self._path)


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval; ends are NaN where there is too little to know them."""

    value: float
    low: float
    high: float

    def text(self, form: str = ".3f") -> str:
        """`1.020 [0.980, 1.060]`; form: of each number, as for `format`."""
        if math.isnan(self.low):
            return format(self.value, form)
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"


def bootstrap(rounds: Sequence[Round], figure: Callable[[Sequence[Round]], float], seed: int = 0) -> Interval:
    """A figure of rounds, with the percentile interval of rounds drawn anew; draws without a figure are left out.

    What was measured in one round stays together, so that drift of the machine falls on both sides of a ratio.
    """
    value = figure(rounds)
    if len(rounds) < 3:
        return Interval(value, math.nan, math.nan)
    dice, drawn = random.Random(seed), []
    for _ in range(DRAWS):
        with contextlib.suppress(ZeroDivisionError):  # a ratio to a spread of none
            drawn.append(figure(dice.choices(rounds, k=len(rounds))))
    drawn.sort()
    return Interval(value, drawn[int(0.025 * len(drawn))], drawn[min(int(0.975 * len(drawn)), len(drawn) - 1)])


def share(found: int, of: int) -> Interval:
    """A share with the interval of Clopper and Pearson. Raises `ZeroDivisionError` of nothing."""
    low = float(stats.beta.ppf(0.025, found, of - found + 1)) if found else 0.0
    high = float(stats.beta.ppf(0.975, found + 1, of - found)) if found < of else 1.0
    return Interval(found / of, low, high)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile of two values or more."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; columns of bare numbers are set to the right."""

    def is_number(cell: str) -> bool:
        return cell == "–" or (cell[:1] in "0123456789+-±>" and "[" not in cell)

    right = [bool(rows) and all(is_number(row[place]) for row in rows) for place in range(len(head))]
    lines = [head, ["---:" if each else "---" for each in right], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
