from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.plan.catalog import find
from bench.plan.presets import Preset, builtin, defaults, load, parse_duration
from bench.plan.selection import choose
from bench.records import Case, Settings, UserError

Write = Callable[[str, str], Path]

MINE = """\
title = "Mine"  # line 1
sweep = "all"
launches = 4
timeout = "5m"
budget = 90
precision = 0.05
exclude = ["data/*"]

[[cases]]
select = "matmul/*"
set = { size = 64, mode = "all" }

[[cases]]
select = "data/epoch"
[cases.set]
batch = [32, 64]
"""


@pytest.fixture
def mine(write: Write, tmp_path: Path) -> Callable[[str], Preset]:
    """Loads mine.toml with that text."""

    def load_text(text: str) -> Preset:
        write("mine.toml", text)
        return load("mine.toml", tmp_path)

    return load_text


def test_a_preset_is_read_from_a_file_of_the_user(mine: Callable[[str], Preset]) -> None:
    preset = mine(MINE)
    assert (preset.name, preset.title, preset.sweep) == ("mine", "Mine", "all")
    assert [rule.select for rule in preset.rules] == ["matmul/*", "data/epoch"]
    assert {each.axis: each.values for each in preset.rules[0].sets} == {"size": (64,), "mode": ("all",)}
    assert {each.axis: each.values for each in preset.rules[1].sets} == {"batch": (32, 64)}
    assert [each.pattern for each in preset.exclude] == ["data/*"]


def test_the_settings_of_a_preset_replace_those_of_a_run(mine: Callable[[str], Preset]) -> None:
    settings = dataclasses.replace(Settings(), **mine(MINE).overrides)
    assert (settings.launches, settings.timeout_s, settings.budget_s, settings.precision) == (4, 300.0, 90.0, 0.05)


def test_each_value_remembers_its_line(mine: Callable[[str], Preset]) -> None:
    preset = mine(MINE)
    assert preset.rules[0].origin == "mine.toml:10: "
    assert [each.origin for each in preset.rules[0].sets] == ["mine.toml:11: "] * 2
    assert preset.rules[1].sets[0].origin == "mine.toml:16: "
    assert preset.exclude[0].origin == "mine.toml:7: "


def test_a_preset_without_cases_takes_every_workload(mine: Callable[[str], Preset]) -> None:
    assert [rule.select for rule in mine('sweep = "all"\n').rules] == ["*"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("launches = 3\nlaunchs = 3\n", 2, "unknown key 'launchs'; did you mean 'launches'"),
        ('[[cases]]\nselect = "*"\n\n[[cases]]\nselcet = "*"\n', 5, "unknown key 'selcet'; did you mean 'select'"),
        ('[cases]\nselect = "*"\n', 1, "'cases' must be tables"),
        ("[[cases]]\nset = { size = 1 }\n", 1, "a [[cases]] table needs 'select'"),
        ("[[cases]]\nselect = 3\n", 2, "'select' must be text, not 3"),
        ('[[cases]]\nselect = "*"\nset = 3\n', 3, "'set' must be a table, not 3"),
        ('[[cases]]\nselect = "*"\n[cases.set]\nsize = 1\nbatch = []\n', 5, "'batch' is an empty list"),
        ('[[cases]]\nselect = "*"\nset.size = [[1]]\n', 3, "'size' takes text, numbers, true or false, not [1]"),
        ('[[cases]]\nselect = "*"\nset.size = 2020-01-01\n', 3, "'size' takes text, numbers, true or false"),
        ("# first\ntitle = 3\n", 2, "'title' must be text, not 3"),
        ('sweep = "some"\n', 1, "sweep must be 'quick' or 'all', not 'some'"),
        ('\nlaunches = "3"\n', 2, "'launches': a whole number from 1 up, not '3'"),
        ("launches = true\n", 1, "'launches': a whole number from 1 up, not True"),
        ("launches = 0\n", 1, "'launches': a whole number from 1 up, not 0"),
        ("blocks = 1\n", 1, "'blocks': a whole number from 2 up, not 1"),
        ("precision = 2.0\n", 1, "'precision': a number between 0 and 1"),
        ('budget = "soon"\n', 1, "'budget': 'soon' is not a duration"),
        ("timeout = -1\n", 1, "'timeout': '-1' is not a duration"),
        ("timeout = true\n", 1, "'timeout': a duration such as"),
        ("min_launches = 9\nmax_launches = 7\n", 1, "min_launches is 9, above max_launches, which is 7"),
        ("visits = 3\nmax_launches = 3\n", 2, "min_launches is 6, above max_launches, which is 3"),
        ('exclude = "data/*"\n', 1, "'exclude' must be a list of texts"),
        ('exclude = [\n"a/b",\n3]\n', 1, "'exclude' must be a list of texts"),
        ('title = "a"\nlaunches = \n', 2, "this is not valid TOML"),
        ('title = "a"\n[[cases]\n', 2, "this is not valid TOML"),
        ("launches = 3\nexclude = [", 2, "this is not valid TOML"),
    ],
)
def test_whatever_is_wrong_in_a_preset_is_an_error_with_file_and_line(
    mine: Callable[[str], Preset], text: str, line: int, message: str
) -> None:
    with pytest.raises(UserError, match=rf"^mine\.toml:{line}: {re.escape(message)}"):
        mine(text)


def test_what_looks_like_a_key_in_a_long_text_is_none(mine: Callable[[str], Preset]) -> None:
    with pytest.raises(UserError, match=r"^mine\.toml:4: "):
        mine('title = """\nlaunches = 3\n"""\nlaunches = 0\n')


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.toml does not exist"):
        load("none.toml", tmp_path)


def test_a_file_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(UserError, match=r"mine\.toml is not UTF-8"):
        load("mine.toml", tmp_path)


def test_an_unknown_preset_is_an_error_with_the_nearest_names(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no preset 'qick'; did you mean 'quick'"):
        load("qick", tmp_path)


PROJECT = """\
[project]
name = "theirs"

[tool.coursebench]
preset = "night"
workloads = ["bench/mine.py"]

[tool.coursebench.presets.night]
launches = 8

[[tool.coursebench.presets.night.cases]]
select = "matmul/*"
set = { size = 64 }

[tool.coursebench.presets.ci]
title = "Theirs"
"""


def test_a_project_has_presets_of_its_own(write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", PROJECT)
    preset = load("night", tmp_path)
    assert preset.overrides == {"launches": 8}
    assert preset.rules[0].sets[0].origin.endswith("pyproject.toml:13: ")


def test_a_preset_of_the_project_goes_before_a_built_in_one(write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", PROJECT)
    assert load("ci", tmp_path).title == "Theirs"


def test_the_nearest_pyproject_above_counts(write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", PROJECT)
    below = tmp_path / "deep" / "down"
    below.mkdir(parents=True)
    assert defaults(below).preset == "night"
    assert defaults(below).workloads == (tmp_path / "bench" / "mine.py",)


def test_a_project_that_says_nothing_has_no_defaults(write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", '[project]\nname = "theirs"\n')
    assert defaults(tmp_path) == type(defaults(tmp_path))()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[tool.coursebench]\nprests = 1\n", 2, "unknown key 'prests'; did you mean 'preset"),
        ("[tool.coursebench]\npreset = 1\n", 2, "'preset' must be text, not 1"),
        ('[tool.coursebench]\n\nworkloads = "mine.py"\n', 3, "'workloads' must be a list of texts"),
        ("[tool\n", 1, "this is not valid TOML"),
    ],
)
def test_whatever_is_wrong_in_the_project_is_an_error_with_file_and_line(
    write: Write, tmp_path: Path, text: str, line: int, message: str
) -> None:
    write("pyproject.toml", text)
    with pytest.raises(UserError, match=rf"pyproject\.toml:{line}: {re.escape(message)}"):
        defaults(tmp_path)


def test_an_unknown_key_in_a_preset_of_the_project_has_its_line(write: Write, tmp_path: Path) -> None:
    write("pyproject.toml", PROJECT.replace("launches", "launchs"))
    with pytest.raises(UserError, match=r"pyproject\.toml:9: unknown key 'launchs'"):
        load("night", tmp_path)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h", 3600), ("1h30m", 5400), ("1.5 m", 90), ("250ms", 0.25), ("90", 90), ("0.5", 0.5)],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "5 parsecs", "-5s", "0", "0s", "inf", "nan", "1e3", "9" * 400, "5m later"])
def test_what_is_no_duration_is_an_error(text: str) -> None:
    with pytest.raises(UserError, match="is not a duration"):
        parse_duration(text)


def test_there_are_four_built_in_presets() -> None:
    assert builtin() == ("ci", "full", "lecture", "quick")


@pytest.mark.parametrize("name", ["ci", "full", "lecture", "quick"])
def test_every_rule_of_a_built_in_preset_chooses_something_of_the_course(name: str, tmp_path: Path) -> None:
    preset = load(name, tmp_path)
    assert preset.title
    for rule in preset.rules:
        assert choose(
            find(), dataclasses.replace(preset, rules=(rule,), exclude=()), devices=(rule.needs or "cpu",)
        ).planned
    assert choose(find(), preset).planned


def test_a_rule_that_needs_a_device_says_nothing_where_there_is_none(tmp_path: Path) -> None:
    text = """
[[cases]]
select = "matmul/square"
set = { size = 64 }

[[cases]]
select = "matmul/square"
needs = "cuda"
set = { size = 8192, device = "cuda" }
"""
    (tmp_path / "mine.toml").write_text(text)
    preset = load(str(tmp_path / "mine.toml"), tmp_path)
    without, beside = (choose(find(), preset, devices=devices).planned for devices in (("cpu",), ("cpu", "cuda")))
    assert [item.case["size"] for item in without] == [64]
    assert [(item.case["device"], item.case["size"]) for item in beside] == [("cpu", 64), ("cuda", 64), ("cuda", 8192)]


def test_a_rule_that_needs_what_is_no_device_is_an_error_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[[cases]]\nselect = "matmul/*"\nneeds = "abacus"\n')
    with pytest.raises(UserError, match=r"mine.toml:3: needs names a device \(cpu, cuda, mps, xpu\), not 'abacus'"):
        load(str(tmp_path / "mine.toml"), tmp_path)


def quick_cases(tmp_path: Path) -> list[Case]:
    return [each.case for each in choose(find(), load("quick", tmp_path)).planned]


def test_the_quick_preset_has_forty_cases_on_the_cpu(tmp_path: Path) -> None:
    assert len(quick_cases(tmp_path)) >= 40


def test_the_quick_preset_compiles_nothing_since_each_time_costs_half_a_minute(tmp_path: Path) -> None:
    assert not [case for case in quick_cases(tmp_path) if str(case["mode"]).startswith("compile")]


def test_the_quick_preset_keeps_to_two_minutes(tmp_path: Path) -> None:
    assert load("quick", tmp_path).overrides == {"launches": 6, "visits": 4, "blocks": 4, "budget_s": 120.0}
