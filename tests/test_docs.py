"""The docs are held against the program: what they name exists, what they quote is so, what they show runs."""

import inspect
import json
import re
import tomllib
from pathlib import Path

import pytest
import pytest_benchmark.plugin
import typer

from bench import pytest_plugin
from bench.analyse.findings import CHECKS
from bench.cli import exit_codes
from bench.cli.app import app
from bench.measure.author import tolerance
from bench.measure.machine import core_kinds
from bench.measure.timing import blocks, clocks, quota_watch, warm_up
from bench.measure.timing.series_timer import FEWEST_KEPT, LEAST_WARM_BLOCKS
from bench.plan import catalog, presets
from bench.plan.selection import choose
from bench.protocol.placement import LEAST_CORES
from bench.records import Outcome, Settings
from bench.runner import worker
from bench.runner.launches import launch
from bench.runner.launches.visits import MOST_TIMES_BLOCKS, MOST_VISITS
from tests.terminal import Terminal

ROOT = Path(__file__).parents[1]
MINE = ROOT / "tests" / "workload_files" / "mine.py"
DECISIONS = ROOT / "docs" / "decisions"

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "results/README.md", "reports/README.md")
    for path in ROOT.glob(pattern)
)
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group, since it has commands
OPTIONS = {
    name: {"--help", "-h", *(option for item in command.params for option in (*item.opts, *item.secondary_opts))}
    for name, command in COMMANDS.items()
}

PYTEST = {"--benchmark-histogram"} | {  # the name of this one is put together where it is defined
    option
    for module in (pytest_plugin, pytest_benchmark.plugin)
    for option in re.findall(r"[\"'](--bench[a-z-]+)[\"']", inspect.getsource(module))
}
"""Options of pytest: those of our plugin, and of the one that it works with."""

LONG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
SHORT_OR_LONG = re.compile(r"(?<![\w-])-{1,2}[a-z][a-z-]*")
CALL = re.compile(r"(?:^|[`$]\s?|/|-m )bench ([a-z]+)\b([^`\n]*)", re.MULTILINE)
PATH = re.compile(r"`((?:bench|workloads|tests|docs|results|reports|\.ci|\.github)/[\w./-]*|[\w-]+\.(?:toml|txt|md))`")
NAMED = re.compile(r"`(bench/[\w./]+\.py)` \(((?:`\w+`(?:, )?)+)\)")
NAMED_FIRST = re.compile(r"((?:`\w+`(?:, | and )?)+) (?:of|in) `(bench/[\w./]+\.py)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def section_of(command):
    """The README's section about a command; empty where it has none."""
    found = re.search(rf"^### {command}\n(.*?)(?=^##)", text_of("README.md"), re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def bench(*words, cwd):
    return Terminal(cwd)(*words, timeout=200)


# --- the README -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_has_a_section_about_each_command_with_an_example(command):
    assert f"$ bench {command}" in section_of(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_in_the_section_of_a_command_is_one_of_its_own(command):
    assert set(LONG.findall(section_of(command))) <= OPTIONS[command]


@pytest.mark.parametrize("page", PAGES)
def test_an_option_in_a_call_is_one_of_the_called_command(page):
    # Words after -- are another tool's.
    calls = [
        (command, SHORT_OR_LONG.findall(words.partition(" -- ")[0])) for command, words in CALL.findall(text_of(page))
    ]
    unknown = [(command, options) for command, options in calls if command not in OPTIONS]
    assert not unknown
    assert not [(command, option) for command, options in calls for option in options if option not in OPTIONS[command]]


def test_calls_are_found_at_all():
    calls = {command for page in PAGES for command, _ in CALL.findall(text_of(page))}
    assert set(COMMANDS) <= calls


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("docs/decisions")])
def test_an_option_named_anywhere_is_one_of_some_command(page):
    known = {option for options in OPTIONS.values() for option in options} | PYTEST
    assert set(LONG.findall(text_of(page))) <= known


def test_the_readme_explains_every_exit_code_and_outcome():
    text = text_of("README.md")
    table = text[text.index("## Exit codes") : text.index("## State")]
    stated = {int(number) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for number in row.split(",")}
    assert stated == {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert all(f"`{outcome}`" in text for outcome in Outcome)


def test_the_readme_names_every_preset():
    assert all(f"`{name}`" in section_of("run") for name in presets.builtin())


def test_the_readme_shows_the_ten_line_workload_byte_for_byte():
    shown = re.search(
        r"<!-- tests/workload_files/mine\.py .*-->\n```python\n(.*?)```\n", text_of("README.md"), re.DOTALL
    )
    assert shown is not None
    assert shown[1].encode() == MINE.read_bytes()
    assert len([line for line in shown[1].splitlines() if line.strip()]) == 10


def test_the_ten_line_workload_runs(tmp_path):
    (tmp_path / "mine.py").write_bytes(MINE.read_bytes())
    words = ("run", "--workloads", "mine.py", "mine/*", "--launches", "1", "--out", "out", "--format", "json")
    done = bench(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcomes"] == {"ok": 2}


def test_the_ten_line_workload_passes_its_check_as_the_readme_shows(tmp_path):
    (tmp_path / "mine.py").write_bytes(MINE.read_bytes())
    done = bench("check", "mine.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout in section_of("check")


# --- the handbook ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_every_path_named_exists(page):
    made_by_a_run = ("results/demo", "reports/demo", "results/reference", "reports/gallery")
    names = [name for name in PATH.findall(text_of(page)) if not name.startswith(made_by_a_run)]
    assert not [name for name in names if not (ROOT / name).exists()]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    links = LINK.findall(text_of(page))
    assert not [link for link in links if not ((ROOT / page).parent / link).exists()]


def test_the_architecture_names_paths_and_functions_that_are_there():
    text = text_of("docs/architecture.md")
    assert len(PATH.findall(text)) > 50
    pairs = [*NAMED.findall(text), *((path, names) for names, path in NAMED_FIRST.findall(text))]
    named = [(path, name) for path, names in pairs for name in re.findall(r"`(\w+)`", names)]
    assert len(named) >= 20
    defined = r"^\s*(?:def |class )?{}\b(?:\(|:| =)"
    assert not [each for each in named if not re.search(defined.format(each[1]), text_of(each[0]), re.MULTILINE)]


def test_the_architecture_tells_of_every_room():
    text = text_of("docs/architecture.md")
    rooms = {path.name for path in (ROOT / "bench").iterdir() if (path / "__init__.py").exists()}
    assert not [room for room in rooms if f"| `bench/{room}/` |" not in text]


def test_the_architecture_shows_the_layers_that_are_held():
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(item["layers"] for item in contracts if item["type"] == "layers")
    assert "\n".join(layers) in text_of("docs/architecture.md")


def tolerances():
    values = {str(dtype).removeprefix("torch."): value for dtype, value in tolerance.TOLERANCE.items()}
    return ", ".join(f"{name} {value:.0e}".replace("e-0", "e-") for name, value in values.items())


QUICK = presets.load("quick", ROOT).overrides
CONSTANTS = {
    "block": f"max({Settings.block_s * 1e3:g} ms, 1000 × clock resolution, 1000 × empty call)",
    "warm-up": f"| shortest warm-up | {Settings.warm_s:g} s |",
    "cap": f"| longest warm-up | {Settings.warm_cap_s:g} s;",
    "windows": f"longer than {warm_up.LONG_BLOCK_NS / 1e6:g} ms",
    "visits": f"| blocks of a visit | {Settings.blocks}, of which {Settings.blocks - 1} are kept;",
    "long blocks": f"{1 + FEWEST_KEPT} where it is longer than {warm_up.LONG_BLOCK_NS / 1e6:g} ms",
    "longer visits": f"up to {MOST_TIMES_BLOCKS} times as many where few cases share a launch",
    "most visits": f"{MOST_VISITS} at most, and beyond that with more blocks each",
    "later warm-up": f"{warm_up.MARGIN:g} × the calls",
    "settled": f"until a window of blocks was within {warm_up.SETTLED:.0%} of the last ones".replace("%", " %"),
    "later blocks": f"at least {LEAST_WARM_BLOCKS} blocks",
    "tolerances": tolerances(),
    "group": f"{launch.GROUP_BYTES >> 30} GiB of memory or {launch.GROUP_CASES} cases",
    "launches": f"at least {Settings.min_launches}, at most {Settings.max_launches}, until the half-width of the "
    f"interval is {Settings.precision:.0%}".replace("%", " %"),
    "quick": f"the quick preset takes {QUICK['launches']}",
    "silence": f"| silence | {Settings.timeout_s:g} s,",
    "kinds of core": f"| step between kinds of core | {core_kinds.LEAST_STEP - 1:.0%} |".replace("%", " %"),
    "home": f"| fewest cores of a set | {LEAST_CORES} |",
    "quota": f"| most blocks that a quota may stop | {quota_watch.MOST_STOPPED:.0%} |".replace("%", " %"),
    "start": f"| start of a worker | {worker.START_TIMEOUT_S:g} s |",
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_how_we_measure_states_the_constants_of_the_code(name):
    assert CONSTANTS[name] in text_of("docs/how-we-measure.md")


def test_how_we_measure_states_the_defaults_of_the_clock_and_of_calibration():
    text = text_of("docs/how-we-measure.md")
    calls, repeats = blocks.empty_call_ns.__defaults__
    (ticks,), (readings,) = clocks.resolution_ns.__defaults__, clocks.cost_ns.__defaults__
    (limit,) = blocks.calibrate.__defaults__
    assert f"least of {repeats} blocks of {calls:,} calls" in text
    assert f"least of {ticks} changes; mean of {readings} readings" in text
    assert f"to {limit:,}" in text


def test_the_quick_budget_is_the_two_minutes_the_pages_promise():
    assert QUICK["budget_s"] == 120
    assert "Its budget is two minutes" in " ".join(text_of("README.md").split())
    assert "two minutes in the quick preset" in text_of("docs/how-we-measure.md")


def test_how_we_measure_lists_every_finding_and_no_other():
    listed = re.findall(r"^\| `([\w-]+)` \|", text_of("docs/how-we-measure.md"), re.MULTILINE)
    assert sorted(listed) == sorted(item.name for item in CHECKS)


def test_the_readme_counts_the_cases_of_the_quick_preset():
    plan = choose(catalog.find(), presets.load("quick", ROOT), devices=("cpu",))
    assert f"quick preset is {len(plan.planned)} cases" in text_of("README.md")


def test_the_index_lists_every_decision_with_its_own_title():
    listed = dict(
        re.findall(r"^\| \[\d{4}\]\(([\w.-]+)\) \| (.+?) \|", text_of("docs/decisions/README.md"), re.MULTILINE)
    )
    pages = {path.name: path for path in DECISIONS.glob("[0-9]*.md")}
    assert sorted(listed) == sorted(pages)
    for name, path in pages.items():
        assert path.read_text(encoding="utf-8").startswith(f"# {name[:4]} {listed[name]}\n")


@pytest.mark.parametrize("page", [page for page in PAGES if re.match(r"docs/decisions/\d", page)])
def test_a_decision_has_its_four_parts_and_says_whether_it_is_built(page):
    text = text_of(page)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context", "Decision", "Consequences", "What would change our mind",
    ]  # fmt: skip
    assert re.search(r"^State: (built|decided, \*\*not built yet\*\*)", text, re.MULTILINE)


def test_the_changelog_has_the_version_and_a_section_of_measurement_changes():
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    text = text_of("CHANGELOG.md")
    assert f"## [{version}]" in text
    entry = text.partition(f"## [{version}]")[2].partition("\n## [")[0]
    assert "### Measurement changes" in entry
