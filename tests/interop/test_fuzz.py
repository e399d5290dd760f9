"""Damaged files: a clear error or a table, nothing else."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import interop
from bench.interop import execution, sealed_run
from bench.records import UserError
from tests.tiers import examples

DATA = Path(__file__).parents[1] / "data"

FILES = examples(10_000)
"""Mutated files a reader."""

BATCH = 100
"""Executions to a frame of points: making one takes longer than reading a file."""

SEALED_EVERY = 100
"""Executions read for each one that is also written as a run, which takes longer."""

WILD = (
    None, True, "", "x", "nan", "\ud800", "a\x00b", [], {}, [[]], -1, 0, 1e-320, 1e308, 10**400, 2**63, float("nan"),
    float("inf"), "2024-13-40", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", "[", "]", "a/b[c=1,c=2]",
)  # fmt: skip


def small(name: str, keep: Callable[[Any], Any]) -> str:
    """A real file cut down: thousands of copies of half a megabyte would take an hour."""
    text = (DATA / name).read_text()
    start, brace, rest = text.partition("{")
    return start + json.dumps(keep(json.loads(brace + rest)))


def first(count: int) -> Callable[[Any], Any]:
    def keep(content: Any) -> Any:
        content["benchmarks"] = content["benchmarks"][:count]
        for item in content["benchmarks"]:
            if "runs" in item:
                item["runs"] = item["runs"][:3]
        return content

    return keep


def two_pushes(content: Any) -> Any:
    content["entries"] = {name: entries[:1] for name, entries in content["entries"].items()}
    return content


def asv_2(content: Any) -> Any:
    content["result_columns"] = ["result", "params", "version", "samples"]
    content["results"] = {"suite.time_x": [[1e-3, None], [["10", "20"]], "v", [[1e-3, 1.1e-3], None]]}
    return content


OURS = (
    "key,clock,machine,fingerprint,commit,at,value,unit,higher_is_better,launches\n"
    "a/b[size=1],wall,2-core,f,c1,2026-01-01T00:00:00+00:00,0.001,s,False,1\n"
    "a/b[size=1],wall,2-core,f,c1,2026-01-01T00:00:00+00:00,0.002,s,False,1\n"
)

ASV = "asv/cheetah/05d283b9-py2.7-Cython-numpy1.8.json"
SEEDS = {
    "pytest-benchmark": ("x.json", [small("pytest_benchmark/lagom_cpython39.json", first(1))]),
    "pyperf": ("x.json", [small("pyperf/mult_list_py36.json", first(1))]),
    "asv": ("x.json", [(DATA / ASV).read_text(), small(ASV, asv_2)]),
    "github-action-benchmark": ("x.js", [small("github_action_benchmark/safetensors_first250.js", two_pushes)]),
    "csv": ("x.csv", [(DATA / "otava/sample_multi_branch.csv").read_text(), OURS]),
}


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    found: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in node if isinstance(node, dict) else range(len(node)):
            found.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    if isinstance(node, dict | list):
        walk(node)
    return found


def mutated(text: str, dice: random.Random) -> bytes:
    """A file with one to four things wrong: values of another kind, entries gone, or bytes changed, cut or doubled."""
    start, brace, rest = text.partition("{")
    if brace and dice.random() < 0.7:
        content = json.loads(brace + rest)
        for _ in range(dice.randint(1, 4)):
            container, key = dice.choice(places(content) or [({}, "")])
            if dice.random() < 0.3 and container:
                container.pop(key)
            elif container:
                container[key] = copy.deepcopy(dice.choice(WILD))
        return (start + json.dumps(content)).encode("utf-8", "surrogatepass")
    data = bytearray(text.encode())
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(max(1, len(data)))
        match dice.randrange(5):
            case 0:
                data[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del data[at : at + dice.randint(1, 40)]
            case 2:
                data[at:at] = data[at : at + dice.randint(1, 40)]
            case 3:
                data[at:at] = dice.choice([b",", b"\n", b'"', b"\x00", b"nan", b"-", b"1e400", b"\xff"])
            case 4:
                del data[max(1, at) :]
    return bytes(data)


@pytest.mark.parametrize("tool", SEEDS)
def test_a_damaged_file_is_a_clear_error_or_a_table(tool, tmp_path):
    name, seeds = SEEDS[tool]
    path, dice = tmp_path / name, random.Random(tool)
    read = refused = sealed = 0
    batch: list[execution.Execution] = []
    path.touch()
    for number in range(FILES):
        with path.open("r+b") as file:  # a file that is cut to nothing first is waited for, on some disks for 3 ms
            file.write(mutated(dice.choice(seeds), dice))
            file.truncate()
        try:
            executions = interop.read(path, tool)
        except UserError:
            refused += 1
            continue
        read += 1
        batch += executions
        if number % SEALED_EVERY == 0:
            sealed += _sealed(executions, tmp_path)
        if len(batch) >= BATCH:
            _tabled(batch)
            batch = []
    _tabled(batch)
    # The planted mistake would be a mutation that damages nothing, or everything.
    assert read > FILES / 50
    assert refused > FILES / 20
    assert sealed > 0


def _tabled(executions: list[execution.Execution]) -> None:
    points = execution.points(executions)
    assert (points["value"] > 0).all()
    assert points["key"].map(type).eq(str).all()


def _sealed(executions: list[execution.Execution], folder: Path) -> int:
    from bench.store import tables

    done = 0
    for read in executions[:2]:
        try:
            made = sealed_run.write(sealed_run.as_run(read, folder / "results")[0])
        except UserError:
            continue
        assert len(tables.read(made).launches) >= 1
        done += 1
    return done


@pytest.mark.parametrize("tool", SEEDS)
def test_the_seeds_themselves_are_read(tool, tmp_path):
    name, seeds = SEEDS[tool]
    for text in seeds:
        (tmp_path / name).write_text(text)
        assert interop.read(tmp_path / name)
