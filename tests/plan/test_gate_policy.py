"""The policy of a gate as it is written in TOML, and what is said of a file that is not understood."""

from __future__ import annotations

import datetime

import pytest

from bench.plan import gate_policy, presets
from bench.records import UserError
from bench.stats.gate_policy import Acknowledged, CaseNumbers, GatePolicy, IgnoredCases

WHOLE = """
[tool.coursebench]
preset = "ci"

[tool.coursebench.gate]
alpha = 0.02
slack = 0.03
limit = 0.06
fail-on = ["could-not-fail", "graph_breaks", "host_memory"]
metric-slack = { host_memory = 0.05 }

[[tool.coursebench.gate.case]]
match = "io/*"
slack = 0.05
limit = 0.10

[[tool.coursebench.gate.ignore]]
match = "demo/*"
reason = "not ours"

[[tool.coursebench.gate.acknowledge]]
match = "train/step"
metrics = ["time", "operators"]
reason = "dearer loss"
until = 2027-01-31

[[tool.coursebench.gate.acknowledge]]
match = "train/*"
reason = "meant"
commit = "v1.2"
"""


def written(folder, text, name="pyproject.toml"):
    path = folder / name
    path.write_text(text)
    return path


def test_every_key_is_read(tmp_path):
    found = gate_policy.read(written(tmp_path, WHOLE))
    assert found == GatePolicy(
        0.02, 0.03, 0.06, ("could_not_fail", "graph_breaks", "host_memory"), {"host_memory": 0.05},
        (CaseNumbers("io/*", 0.05, 0.10),), (IgnoredCases("demo/*", "not ours"),),
        (
            Acknowledged("train/step", "dearer loss", ("time", "operators"), "2027-01-31"),
            Acknowledged("train/*", "meant", (), "", "v1.2"),
        ),
        str(tmp_path / "pyproject.toml"),
    )  # fmt: skip


def test_a_file_of_its_own_has_the_same_keys_without_the_prefix(tmp_path):
    text = WHOLE.replace("tool.coursebench.gate.", "").replace("[tool.coursebench.gate]", "")
    text = text.replace('[tool.coursebench]\npreset = "ci"', "")
    assert gate_policy.read(written(tmp_path, text, "gate.toml")).acknowledged[1].commit == "v1.2"


def test_the_nearest_pyproject_with_a_policy_counts_and_none_above_the_repository(tmp_path):
    written(tmp_path, WHOLE)
    inner = tmp_path / "repository" / "package"
    inner.mkdir(parents=True)
    written(inner, "[project]\nname = 'x'\n")
    assert gate_policy.find(inner).alpha == 0.02
    (tmp_path / "repository" / ".git").mkdir()
    assert gate_policy.find(inner) == GatePolicy()


def test_a_project_with_a_policy_still_has_its_presets(tmp_path):
    written(tmp_path, WHOLE)
    assert presets.defaults(tmp_path).preset == "ci"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("slak = 0.1", r"gate.toml:1: unknown key 'slak'; did you mean 'slack'"),
        ("slack = 2", r"gate.toml:1: slack must be a number between 0 and 1, not 2"),
        ("slack = true", r"gate.toml:1: slack must be a number"),
        ("slack = 'much'", r"gate.toml:1: slack must be a number"),
        ("alpha = 0", r"gate.toml:1: alpha must be a number between 1e-09 and 0.5"),
        ("\nlimit = 0.01", r"gate.toml:2: limit 0.01 is below the slack 0.02"),
        ("fail-on = ['graph_brakes']", r"gate.toml:1: 'graph_brakes' is not known; did you mean 'graph_breaks'"),
        ("fail-on = 'operators'", r"gate.toml:1: 'fail-on' must be a list of texts"),
        ("metric-slack = { host_memry = 0.1 }", r"'host_memry' is not known; did you mean 'host_memory'"),
        ("[[case]]\nslack = 0.1", r"gate.toml:1: 'match' is missing"),
        ("[[case]]\nmatch = 'a/*'", r"gate.toml:2: 'a/\*' has neither slack nor limit"),
        ("[[case]]\nmatch = 'a/*'\nslack = 0.3\nlimit = 0.1", r"gate.toml:4: limit 0.1 is below the slack 0.3"),
        ("[[ignore]]\nmatch = 'a/*'", r"gate.toml:1: 'a/\*' needs a reason"),
        ("[[acknowledge]]\nmatch = 'a/*'\nuntil = 2027-01-31", r"'a/\*' needs a reason"),
        ("[[acknowledge]]\nmatch = 'a/*'\nreason = 'x'", r"gate.toml:2: 'a/\*' needs either until = a date, or commit"),
        ("[[acknowledge]]\nmatch = 'a/*'\nreason = 'x'\nuntil = 'soon'", r"gate.toml:4: until 'soon' is no date"),
        ("[[acknowledge]]\nmatch = 'a/*'\nreason = 'x'\nuntil = 3", r"gate.toml:4: until 3 is no date"),
        ("[[acknowledge]]\nmatch = 'a/*'\nreason = 'x'\nuntil = 2027-01-31\nmetrics = ['tim']", r"did you mean 'time'"),
        ("[case]\nmatch = 'a/*'", r"'case' must be tables, each below a line \[\[case\]\]"),
        ("slack = ", r"gate.toml:1: this is not valid TOML"),
    ],
)
def test_what_is_not_understood_is_an_error_with_file_and_line(tmp_path, text, says):
    with pytest.raises(UserError, match=says):
        gate_policy.read(written(tmp_path, text, "gate.toml"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gate\.toml does not exist"):
        gate_policy.read(tmp_path / "gate.toml")


def test_an_expired_acknowledgement_is_an_error_that_names_it(tmp_path):
    found = gate_policy.read(written(tmp_path, WHOLE))
    gate_policy.refuse_expired(found, datetime.date(2027, 1, 31))
    with pytest.raises(UserError, match=r"'train/step' ended on 2027-01-31 \(dearer loss\)"):
        gate_policy.refuse_expired(found, datetime.date(2027, 2, 1))


def test_fail_on_takes_words_with_commas_and_hyphens_and_names_what_is_near():
    assert gate_policy.fail_on(["graph-breaks,operators", " operators "]) == ("graph_breaks", "operators")
    with pytest.raises(UserError, match=r"--fail-on not_resolvd is not known; did you mean 'not_resolved'"):
        gate_policy.fail_on(["not_resolvd"])
