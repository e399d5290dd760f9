"""The notebook in `docs/` runs as a reader runs it: in a kernel, cell by cell, and shows what it says it shows."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from bench.present.charts import embedded_data
from tests.terminal import Terminal

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"

pytestmark = pytest.mark.timeout(900)  # a kernel and two runs, where other tests run too


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """By id, the outputs of each cell. The run it reads is as small as can be; a reader's is that of `make demo`."""
    terminal = Terminal(tmp_path_factory.mktemp("notebook"))
    done = terminal(
        "run", "matmul/square", "-s", "device=cpu", "-s", "size=64,256", "-s", "mode=eager,script",
        "--launches", 3, "--out", "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    home = terminal.folder / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSEBENCH_RUN", str(terminal.folder / "run"))
        for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "TMPDIR"):
            patch.setenv(name, str(home))  # nothing of the user's is read or written
        home.mkdir()
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        where = {"metadata": {"path": str(NOTEBOOK.parent)}}  # Jupyter starts a kernel beside its notebook
        nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=where).execute()
    return {cell["id"]: cell["outputs"] for cell in notebook.cells if cell["cell_type"] == "code"}


def data_of(outputs):
    """What the last line of a cell showed, by type."""
    (shown,) = (output["data"] for output in outputs if output["output_type"] == "execute_result")
    return shown


def text_of(outputs):
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


def test_it_is_valid_and_keeps_no_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    code = [cell for cell in notebook.cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_it_reads_the_run_of_make_demo_from_where_it_lies():
    text = NOTEBOOK.read_text(encoding="utf-8")
    (default,) = re.findall(r"COURSEBENCH_RUN\\\", \\\"(.+?)\\\"", text)
    makefile = (NOTEBOOK.parents[1] / "Makefile").read_text(encoding="utf-8")
    assert (NOTEBOOK.parent / default).resolve() == (NOTEBOOK.parents[1] / "results" / "demo").resolve()
    assert "DEMO ?= results/demo" in makefile


def test_nothing_in_it_fails_or_warns(cells):
    complaints = [
        output for outputs in cells.values() for output in outputs
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]  # fmt: skip
    assert complaints == []


def test_it_shows_the_tidy_frame(cells):
    shown = data_of(cells["tidy"])
    assert shown["text/html"].count("<tr") == 1 + 4
    for name in ("value_s", "low_s", "high_s", "launches", "method"):
        assert f"<th>{name}</th>" in shown["text/html"]
    assert "half_width" in data_of(cells["widest"])["text/plain"]


@pytest.mark.parametrize(
    ("cell", "chart", "theme", "cases"),
    [("growth", "time_by_size", "light", 2), ("dark", "time_by_size", "dark", 2), ("modes", "modes", "light", 2)],
)
def test_a_chart_comes_as_a_picture_with_alt_text_and_its_rows(cell, chart, theme, cases, cells, tmp_path):
    shown = data_of(cells[cell])
    found = re.fullmatch(
        r'<img alt="(.{60,})" src="data:image/svg\+xml;base64,([^"]+)" style=".*">', shown["text/html"]
    )
    assert found is not None
    for suffix, content in (("svg", found[2]), ("png", shown["image/png"])):
        path = tmp_path / f"shown.{suffix}"
        path.write_bytes(base64.b64decode(content))
        carried = embedded_data.read(path)
        assert (carried.chart, carried.theme) == (chart, theme)
        assert len(carried.rows) == cases
        assert embedded_data.problems(path) == []
    assert shown["text/plain"] == carried.alt


def test_the_words_of_a_chart_are_printed(cells):
    assert text_of(cells["alt"]).strip() == data_of(cells["modes"])["text/plain"]


def test_a_question_without_an_answer_names_the_command(cells):
    assert "bench run 'matmul/square' --set device=cpu,cuda" in text_of(cells["missing"])


def test_two_runs_are_compared_with_an_interval(cells):
    shown = data_of(cells["compare"])
    (interval,) = re.findall(r">(\d+\.\d{3}) to (\d+\.\d{3})<", shown["text/html"])
    assert float(interval[0]) <= float(interval[1])
    assert "matmul/square[size=64]" in shown["text/html"]
    assert "3, 3" in shown["text/html"]
    assert "The runs were not interleaved" in shown["text/plain"]
    assert "not_compared" not in shown["text/plain"]
    assert "unpaired" in data_of(cells["compare-frame"])["text/plain"]


def test_what_is_saved_has_its_evidence_and_verifies(cells):
    assert data_of(cells["save"])["text/plain"] == "['growth.csv', 'growth.svg', 'growth.txt']"
    assert "growth.svg: its picture is what its data give" in text_of(cells["verify"])
