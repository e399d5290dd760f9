"""The matrix of versions, without making any environment: what would be installed where, and what the table says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.matrix import __main__ as matrix
from tests.matrix import pythons, results
from tests.matrix.__main__ import PAGE, outcomes_of
from tests.matrix.environments import (
    ENVIRONMENTS,
    LOWEST,
    NEWEST,
    PINNED,
    ROOT,
    Environment,
    bounds,
    constraints,
    lowest,
)
from tests.matrix.results import Result

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


# --- what is installed ----------------------------------------------------------------------------------------------


def test_every_dependency_has_a_lower_bound():
    known = bounds(PROJECT)
    assert known["torch"] == "2.8"
    assert {"numpy", "pandas", "pytest", "typer"} <= known.keys()
    assert "ruptures" in known


def test_a_dependency_without_a_bound_is_refused():
    with pytest.raises(ValueError, match="'numpy' has no lower bound"):
        bounds(PROJECT.replace('"numpy>=1.26"', '"numpy"'))


@pytest.mark.parametrize(
    ("bound", "found"), [("1.26", "1.26.0"), ("1.26.1", "1.26.3"), ("2", "2.0"), ("1.9.0", "1.9.0.post1")]
)
def test_the_lowest_version_is_the_oldest_that_the_bound_takes(bound, found):
    assert lowest(["2.1", "2.0", "2.0rc1", "1.26.3", "1.26.0", "1.9.0.post1", "1.8"], bound) == found


def test_a_bound_that_no_version_meets_is_an_error():
    with pytest.raises(ValueError, match="at least 3"):
        lowest(["2.1"], "3")


def test_the_lines_of_each_kind():
    def versions_of(package):
        return ["99.1", bounds(PROJECT)[package]]

    low = constraints(Environment("3.11", "2.8.0", LOWEST), ROOT, versions_of)
    assert low[0] == "torch==2.8.0"
    assert f"numpy=={bounds(PROJECT)['numpy']}" in low
    assert len(low) == len(bounds(PROJECT))
    pinned = constraints(Environment("3.14", "2.13.0", PINNED), ROOT, versions_of)
    assert [line for line in pinned if line.startswith("torch==")] == ["torch==2.13.0"]
    assert "pytest==" in " ".join(pinned)
    assert constraints(Environment("3.14", "2.14.1", NEWEST), ROOT, versions_of) == ["torch==2.14.1"]
    assert constraints(Environment("3.14", NEWEST, NEWEST), ROOT, versions_of) == []


def test_the_ends_of_python_and_torch_are_among_the_environments():
    assert len(ENVIRONMENTS) >= 6
    assert {each.python for each in ENVIRONMENTS} >= {"3.11", "3.13", "3.14"}
    assert {each.torch.rsplit(".", 1)[0] for each in ENVIRONMENTS} >= {"2.8", "2.13", "2.14"}
    assert {each.others for each in ENVIRONMENTS} == {LOWEST, PINNED, NEWEST}


# --- interpreters ---------------------------------------------------------------------------------------------------


def test_an_interpreter_on_the_path_is_taken(tmp_path, monkeypatch):
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    monkeypatch.setattr(pythons.shutil, "which", lambda name: sys.executable)
    found = pythons.find(version, tmp_path, [])
    assert found == pythons.Python(sys.executable)
    assert found.words(["true"], tmp_path) == ["env", "-C", str(tmp_path), "true"]


@pytest.mark.parametrize(
    ("version", "there", "user", "reason"),
    [
        ("3.14", ("unshare", "chroot"), 0, "python3.14 is not on PATH, and debootstrap is missing"),
        ("3.14", pythons.NEEDED, 1000, "making a root needs the rights of root"),
        ("3.10", pythons.NEEDED, 0, "python3.10 is not on PATH"),
    ],
)
def test_an_interpreter_that_cannot_be_made_is_a_reason_by_name(tmp_path, monkeypatch, version, there, user, reason):
    monkeypatch.setattr(pythons.shutil, "which", lambda name: name if name in there else None)
    monkeypatch.setattr(pythons.os, "geteuid", lambda: user)
    with pytest.raises(pythons.NoPythonError, match=reason):
        pythons.find(version, tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_a_bootstrap_that_fails_says_so_and_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(pythons.shutil, "which", lambda name: name if name in pythons.NEEDED else None)
    monkeypatch.setattr(pythons.os, "geteuid", lambda: 0)
    failed = subprocess.CompletedProcess([], 1, stdout="I: Retrieving\nE: No such suite\n\n", stderr="")
    monkeypatch.setattr(pythons.subprocess, "run", lambda *args, **kwargs: failed)
    for _ in range(2):
        with pytest.raises(pythons.NoPythonError, match="debootstrap of forky failed: E: No such suite"):
            pythons.find("3.14", tmp_path, [])


def test_a_command_of_a_root_sees_the_folders_it_needs_and_leaves_no_process(tmp_path):
    words = pythons.Python("/usr/bin/python3.14", tmp_path / "root", (Path("/a"), Path("/b"))).words(
        ["x", "y"], tmp_path
    )
    assert "--kill-child" in words
    assert words[words.index(str(tmp_path / "root")) :] == [
        *(str(tmp_path / "root"), "/a", "/b", "--", str(tmp_path), "x", "y")
    ]


def test_the_tree_follows_the_checkout_that_runs_the_matrix(tmp_path, monkeypatch):
    for name in ("first", "second"):
        checkout = tmp_path / name
        git = ["git", "-C", str(checkout), "-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
        subprocess.run(["git", "init", "-q", str(checkout)], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", name], check=True)
        monkeypatch.setattr(matrix, "ROOT", checkout)
        tree, commit = matrix.tree_of(tmp_path)
        assert tree == tmp_path / "tree"
        said = subprocess.run(["git", "-C", str(tree), "log", "-1", "--format=%H %s"], capture_output=True, text=True)
        assert said.stdout.split() == [commit, name]


# --- results --------------------------------------------------------------------------------------------------------

GREEN = Result(
    ENVIRONMENTS[0].name, "c0ffee00", "2026-11-30", python="3.11.7", versions={"torch": "2.13.0+cpu", "numpy": "2.4.6"},
    outcomes={"ok": 60, "skipped": 2}, quick_s=118.2, tests={"passed": 4000, "skipped": 3},
)  # fmt: skip


@pytest.mark.parametrize(
    "worse",
    [
        {"outcomes": {"ok": 60, "failed": 1}},
        {"warned": ["FutureWarning: x"]},
        {"failed": ["a::b"]},
        {"skipped": "no root"},
        {"tests": None},
    ],
)
def test_green_is_measured_silent_and_passed(worse):
    assert GREEN.is_green
    assert not replace(GREEN, **worse).is_green


def test_a_result_goes_on_where_it_was_and_begins_anew_for_another_commit_or_after_a_skip(tmp_path):
    path, environment = tmp_path / "e.json", ENVIRONMENTS[0]
    results.write(path, GREEN)
    assert results.read(path, environment, GREEN.commit) == GREEN
    assert results.read(path, environment, "other") == Result(environment.name, "other")
    results.write(path, replace(GREEN, skipped="no network"))
    assert results.read(path, environment, GREEN.commit) == Result(environment.name, GREEN.commit)


def test_the_table_has_a_row_for_every_environment_and_names_what_failed():
    bad = replace(GREEN, environment=ENVIRONMENTS[1].name, failed=["tests.x::y"], tests={"passed": 1, "failed": 1})
    skip = Result(ENVIRONMENTS[2].name, "c0ffee00", "2026-11-30", skipped="debootstrap is missing")
    made = results.table(ENVIRONMENTS, {each.environment: each for each in (GREEN, bad, skip)})
    rows = [line for line in made.splitlines() if line.startswith("| 3")]
    assert len(rows) == len(ENVIRONMENTS)
    assert "| 3.11.7 | 2.13.0+cpu | pinned | 2026-11-30 | c0ffee00 | 60 ok, 2 skipped in 118 s |" in rows[0]
    assert "not run: debootstrap is missing" in rows[2]
    assert f"- {bad.environment}: `tests.x::y`" in made


def test_tests_are_counted_by_outcome():
    report = """<testsuites><testsuite>
    <testcase classname="a" name="good"/>
    <testcase classname="a" name="bad"><failure/></testcase>
    <testcase classname="a" name="broken"><error/></testcase>
    <testcase classname="a" name="left"><skipped/></testcase>
    </testsuite></testsuites>"""
    assert outcomes_of(report) == ({"passed": 1, "failed": 2, "skipped": 1}, ["a::bad", "a::broken"])


def test_the_table_stands_on_the_page_between_its_marks():
    page = PAGE.read_text(encoding="utf-8")
    assert results.inserted(page, "one").count("\n\none\n\n") == 1
    assert results.inserted(results.inserted(page, "one"), "two") == results.inserted(page, "two")
    with pytest.raises(ValueError, match="no place"):
        results.inserted("nothing", "one")


def test_the_page_has_the_environments_that_there_are():
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| 3.1")]
    assert len(rows) == len(ENVIRONMENTS)
    for row, environment in zip(rows, ENVIRONMENTS, strict=True):
        assert row.startswith(f"| {environment.python}")


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_matrix_runs_it():
    done = subprocess.run(["make", "-n", "matrix"], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "-m tests.matrix" in done.stdout
