"""Which cases of two trees can be compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.plan import catalog
from bench.plan.both_sides import mover, side_by_side
from bench.records import Case, Planned

WORKLOAD = '''
from bench.workload import workload

@workload(lesson="Mine")
def {name}(ctx):
    """Does it.

    Answer: one.
    """
    return "{what}"
'''


def tree(root: Path, **whats: str) -> catalog.Catalog:
    """A tree with one workload file for each name."""
    root.mkdir()
    for name, what in whats.items():
        (root / f"{name}.py").write_text(WORKLOAD.format(name=name, what=what))
    return catalog.find([root / f"{name}.py" for name in whats], installed=False)


def planned(found: catalog.Catalog) -> list[Planned]:
    return [Planned(Case.of(each.name, {}), each.source) for each in found.values()]


def sided(tmp_path, base, head, workloads_from=None):
    trees = [tree(tmp_path / name, **whats) for name, whats in (("base", base), ("twin", base), ("head", head))]
    return side_by_side(*trees, planned(trees[0]), planned(trees[2]), workloads_from)


def test_a_case_of_both_is_coupled_with_each_sides_own_file(tmp_path):
    found = sided(tmp_path, {"a": "this"}, {"a": "this"})
    (coupled,), (twins,) = found.coupled, found.twins
    assert [Path(side.source.path).parent.name for side in (coupled.base, coupled.head)] == ["base", "head"]
    assert [Path(side.source.path).parent.name for side in (twins.base, twins.head)] == ["base", "twin"]
    assert (found.changed, found.only_base, found.only_head) == ((), (), ())


def test_cases_of_one_side_are_named(tmp_path):
    found = sided(tmp_path, {"a": "this", "b": "that"}, {"a": "this", "c": "other"})
    assert [item.case.workload for item in found.coupled] == ["a/a"]
    assert (len(found.only_base), len(found.only_head)) == (1, 1)
    assert found.only_base[0].startswith("b/b")
    assert found.only_head[0].startswith("c/c")


def test_a_workload_that_differs_is_not_compared(tmp_path):
    found = sided(tmp_path, {"a": "this"}, {"a": "more"})
    assert found.coupled == ()
    assert len(found.changed) == 1


@pytest.mark.parametrize("side", ["base", "head"])
def test_a_workload_that_differs_can_be_taken_from_one_side(tmp_path, side):
    found = sided(tmp_path, {"a": "this"}, {"a": "more"}, workloads_from=side)
    for coupled in (*found.coupled, *found.twins):
        assert {Path(each.source.path).parent.name for each in (coupled.base, coupled.head)} == {side}
        assert coupled.base.source.dotted is None
    assert found.changed == ()


def test_what_lies_in_the_tree_is_moved_and_what_is_installed_stays(tmp_path):
    moved = mover(tmp_path, Path("/elsewhere"))
    assert moved(tmp_path / "a" / "b.py") == Path("/elsewhere/a/b.py")
    assert moved(Path("/usr/lib/b.py")) == Path("/usr/lib/b.py")
    inside = tmp_path / ".venv" / "lib" / "site-packages" / "theirs.py"
    assert moved(inside) == inside
