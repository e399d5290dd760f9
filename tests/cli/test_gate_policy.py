"""`bench gate` by the policy of a team, on recorded pairs: what fails, what is let pass, and what it leaves for CI."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest

from tests.analyse.conftest import MadeUpRun
from tests.analyse.gate.test_verdicts import KEY, OTHER, Recorded
from tests.present.tables.test_gate_report import SIDES
from tests.terminal import Terminal
from tests.test_facade import sealed

SAME = "regression/train_step"


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    """A folder with `slow`, a gate with a case that regressed beside one that did not, and `same`, where none did."""
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, effect in (("slow", 0.08), ("same", 0.0)):
        run = MadeUpRun()
        made = Recorded(run, cases=(KEY, OTHER), sides=SIDES, libraries={}, places={KEY: {"file": "t.py", "line": 3}})
        made.pairs(KEY, effect, n=14).pairs(OTHER, 0.0, n=14).pairs(KEY, 0.0, twin=True)
        case = run.plan("regression/train_step", device="cpu", rows=800)
        for side, breaks, size in (("base", 0, 40_000_000), ("head", 1, 58_000_000)):
            run.launch(case, 0, side=side, counters={"graph_breaks": breaks, "allocated_bytes": size})
        data = made.data()
        data.launches["key"] = KEY
        data.run["settings"]["seed"] = 7
        sealed(tmp_path / name, data, coursebench="0.1.0")
    return Terminal(tmp_path)


def policy(terminal, text):
    (terminal.folder / "gate.toml").write_text(text)
    return "--policy", "gate.toml"


def code(terminal, run, *words):
    return terminal("gate", "--replay", run, *words).returncode


def test_counts_fail_only_where_they_are_named(terminal):
    assert code(terminal, "same") == 0
    assert code(terminal, "same", "--fail-on", "graph_breaks") == 1
    assert code(terminal, "same", "--fail-on", "operators,host-memory") == 1
    assert code(terminal, "same", "--fail-on", "operators", "--fail-on", "kernels") == 0
    assert code(terminal, "same", *policy(terminal, "fail-on = ['graph_breaks']")) == 1


def test_a_name_that_is_none_is_refused_with_what_is_near(terminal):
    done = terminal("gate", "--replay", "same", "--fail-on", "graph_brakes")
    assert done.returncode == 2
    assert "did you mean 'graph_breaks'" in done.stderr


def test_a_policy_that_is_not_understood_is_refused_with_file_and_line(terminal):
    done = terminal("gate", "--replay", "same", *policy(terminal, "\nslak = 0.1"))
    assert (done.returncode, "gate.toml:2: unknown key 'slak'" in done.stderr) == (2, True)


def test_an_acknowledged_regression_is_told_and_passes_until_its_day(terminal):
    text = "[[acknowledge]]\nmatch = 'regression/*'\nreason = 'dearer loss'\nuntil = {}\n"
    done = terminal("gate", "--replay", "slow", *policy(terminal, text.format("2099-01-31")))
    assert done.returncode == 0
    assert "acknowledged: 1 acknowledged, 1 not_slower" in done.stdout
    assert "dearer loss (until 2099-01-31)" in done.stdout
    done = terminal("gate", "--replay", "slow", *policy(terminal, text.format("2020-01-31")))
    assert done.returncode == 2
    assert "'regression/*' ended on 2020-01-31 (dearer loss)" in done.stderr


def test_slack_by_glob_and_ignored_cases(terminal):
    assert code(terminal, "slow") == 1
    assert code(terminal, "slow", *policy(terminal, "[[case]]\nmatch='regression/*'\nslack=0.15\nlimit=0.2")) == 0
    assert code(terminal, "slow", *policy(terminal, "[[ignore]]\nmatch='regression/*'\nreason='x'")) == 0


def test_every_file_is_written_and_says_the_same(terminal, monkeypatch):
    for name, value in (("SERVER_URL", "https://git.example"), ("REPOSITORY", "a/b"), ("RUN_ID", "7")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.setenv(name, str(terminal.folder / name))
    words = [word for name in ("json", "markdown", "junit", "comment", "badge") for word in (f"--{name}", f"v.{name}")]
    done = terminal("gate", "--replay", "slow", "--fail-on", "graph_breaks", "--annotations", *words)
    assert done.returncode == 1, done.stderr
    text = {path.suffix[1:] or path.name: path.read_text() for path in terminal.folder.iterdir() if path.is_file()}
    told = json.loads(text["json"])
    assert (told["verdict"], told["exit_code"]) == ("regressed", 1)
    assert [each["metric"] for each in told["failures"]] == ["time", "graph_breaks"]
    assert text["comment"].startswith("### bench gate: regressed: 1 regressed, 1 not_slower, 1 larger graph_breaks")
    assert json.loads(text["badge"])["color"] == "red"
    assert ElementTree.fromstring(text["junit"]).get("failures") == "2"
    assert text["GITHUB_STEP_SUMMARY"] == text["markdown"]
    assert text["GITHUB_OUTPUT"].splitlines()[:2] == ["verdict=regressed", "exit-code=1"]
    marked = [line for line in done.stdout.splitlines() if line.startswith("::error")]
    assert len(marked) == 2
    assert all(line.startswith("::error file=t.py,line=3,title=bench gate%3A ") for line in marked)
    page = (terminal.folder / "slow" / "gate.html").read_text()
    assert page.count('class="pairs"') == 2


def test_an_earlier_file_is_gone_where_a_later_call_ends_without_a_verdict(terminal):
    words = ("--json", "v.json", "--comment", "c.md")
    assert code(terminal, "slow", *words) == 1
    assert code(terminal, "nothing-here", *words) == 2
    assert not (terminal.folder / "v.json").exists()
    assert not (terminal.folder / "c.md").exists()


def test_a_page_that_cannot_be_written_takes_no_verdict_away(terminal):
    (terminal.folder / "slow" / "gate.html").mkdir()
    done = terminal("gate", "--replay", "slow")
    assert done.returncode == 1
    assert "the page of the gate cannot be written" in done.stderr
