from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from bench.plan import catalog as catalogs
from bench.plan.catalog import GROUP, Catalog, find
from bench.records import UserError

from .conftest import LOADER, MATMUL

Write = Callable[[str, str], Path]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Declares an entry point with that value, below a folder on the import path."""
    monkeypatch.syspath_prepend(tmp_path)

    def declare(value: str) -> None:
        entry = EntryPoint(name="theirs", value=value, group=GROUP)
        monkeypatch.setattr(catalogs, "entry_points", lambda group: [entry, entry] if group == GROUP else [])

    return declare


def test_workloads_are_ordered_by_name(catalog: Catalog) -> None:
    assert list(catalog) == ["data/epoch", "data/polynomial", "matmul/round_trip", "matmul/square"]
    assert [each.name for each in catalog.values()] == list(catalog)
    assert len(catalog) == 4
    assert "data/epoch" in catalog


def test_a_glob_matches_names(catalog: Catalog) -> None:
    assert [each.name for each in catalog.matching("matmul/*")] == ["matmul/round_trip", "matmul/square"]
    assert catalog.matching("none/*") == ()


def test_an_unknown_workload_is_an_error_with_the_nearest_names(catalog: Catalog) -> None:
    with pytest.raises(UserError, match="there is no workload 'matmul/sqare'; did you mean 'matmul/square'"):
        catalog.get("matmul/sqare")


def test_a_name_near_to_nothing_is_an_error_that_lists_what_there_is(catalog: Catalog) -> None:
    with pytest.raises(UserError, match="known: 'data/epoch', 'data/polynomial'"):
        catalog.get("zzz")


def test_two_workloads_of_one_name_are_an_error_with_both_places(write: Write) -> None:
    one, other = write("a/matmul.py", MATMUL), write("b/matmul.py", MATMUL)
    with pytest.raises(UserError, match=r"named 'matmul/\w+': .*a/matmul\.py:\d+ and .*b/matmul\.py:\d+"):
        find([one, other], installed=False)


def test_two_functions_of_one_name_in_a_file_are_an_error_with_both_lines(write: Write) -> None:
    with pytest.raises(UserError, match=r"named 'twice/round_trip': .*twice\.py:14 and .*twice\.py:29"):
        find([write("twice.py", MATMUL + MATMUL)], installed=False)


def test_a_file_named_twice_is_read_once(write: Write) -> None:
    path = write("matmul.py", MATMUL)
    assert len(find([path, path], installed=False)) == 2


def test_a_file_without_a_workload_is_an_error(write: Write) -> None:
    with pytest.raises(UserError, match=r"empty\.py holds no workload: decorate"):
        find([write("empty.py", "x = 1\n")], installed=False)


def test_every_public_file_of_an_installed_package_is_a_family(write: Write, installed: Callable[[str], None]) -> None:
    write("theirs/__init__.py", "raise SystemExit")
    write("theirs/_shared.py", MATMUL)
    write("theirs/data.py", LOADER)
    write("theirs/deeper/matmul.py", MATMUL)
    installed("theirs")
    found = find()
    assert list(found) == ["data/epoch", "data/polynomial"]
    assert found["data/epoch"].source.dotted == "theirs.data"


def test_a_package_in_an_installed_package_is_one_family(write: Write, installed: Callable[[str], None]) -> None:
    write("theirs/__init__.py", "")
    write("theirs/both/__init__.py", '"""Both: products and passes."""\nraise SystemExit')
    write("theirs/both/_shared.py", MATMUL)
    write("theirs/both/matmul.py", MATMUL)
    write("theirs/both/data.py", LOADER)
    write("theirs/_hidden/__init__.py", "")
    write("theirs/_hidden/data.py", LOADER)
    installed("theirs")
    found = find()
    assert list(found) == ["both/epoch", "both/polynomial", "both/round_trip", "both/square"]
    assert found["both/square"].source.dotted == "theirs.both.matmul"
    assert found["both/square"].family_about.paragraphs == ("Both: products and passes.",)


def test_two_modules_of_one_family_may_not_share_a_name(write: Write, installed: Callable[[str], None]) -> None:
    write("theirs/__init__.py", "")
    write("theirs/both/__init__.py", "")
    write("theirs/both/one.py", MATMUL)
    write("theirs/both/other.py", MATMUL)
    installed("theirs")
    with pytest.raises(UserError, match=r"named 'both/\w+': .*one\.py:\d+ and .*other\.py:\d+"):
        find()


def test_a_package_below_another_is_found_without_importing_it(write: Write, installed: Callable[[str], None]) -> None:
    write("upper/__init__.py", "raise SystemExit")
    write("upper/lower/__init__.py", "raise SystemExit")
    write("upper/lower/data.py", LOADER)
    installed("upper.lower")
    assert find()["data/epoch"].source.dotted == "upper.lower.data"
    assert "upper" not in sys.modules


def test_an_entry_point_may_be_a_single_module(write: Write, installed: Callable[[str], None]) -> None:
    write("single.py", LOADER)
    installed("single")
    assert find()["single/epoch"].source.dotted == "single"


def test_an_entry_point_may_be_a_module_of_a_package(write: Write, installed: Callable[[str], None]) -> None:
    write("upper2/__init__.py", "")
    write("upper2/data.py", LOADER)
    installed("upper2.data")
    assert find()["data/epoch"].source.dotted == "upper2.data"


def test_an_entry_point_that_cannot_be_located_is_an_error_that_names_it(installed: Callable[[str], None]) -> None:
    installed("no_such_package.inner")
    with pytest.raises(UserError, match=r"entry point 'theirs = no_such_package\.inner'.*cannot be located"):
        find()


def test_a_file_of_an_installed_package_named_again_is_one_workload(
    write: Write, installed: Callable[[str], None]
) -> None:
    write("theirs/__init__.py", "")
    path = write("theirs/data.py", LOADER)
    installed("theirs")
    assert find([path])["data/epoch"].source.dotted == "theirs.data"


def test_finding_the_installed_workloads_imports_neither_them_nor_torch() -> None:
    heavy = "{'torch', 'pandas', 'workloads', 'scipy', 'matplotlib', 'rich', 'typer'}"
    imports = "import sys; from bench.plan import catalog, presets, run_duration, selection"
    code = f"{imports}; catalog.find(); print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
