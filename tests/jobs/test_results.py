"""Results of jobs as values: what they print, draw and save, on runs and profiles that are made up."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest

import bench
from bench.analyse.certificate import HELD, NOT_HELD, CertificateLine
from bench.jobs.certificate_result import Certificate
from bench.jobs.difference_job import difference
from bench.jobs.gate_job import gate
from bench.jobs.listener import Listener
from bench.jobs.profile_job import profile
from bench.jobs.profile_result import CaseProfile
from bench.jobs.report_job import Report
from bench.jobs.result import Result
from bench.present.charts.chart_set import Drawn
from bench.records import UserError
from bench.store import profile_pair_tables, runs
from tests.analyse.conftest import MadeUpRun
from tests.analyse.gate.test_verdicts import KEY, Recorded
from tests.analyse.profiles import pairs_made_up
from tests.present import profile_made_up
from tests.present.tables.test_gate_report import SIDES
from tests.test_facade import sealed, stored

OTHER = "autograd/polynomial[device=cpu,dtype=float32,mode=eager,threads=1]"


class Heard(Listener):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture
def slower(tmp_path):
    """The folder of a gate with one case that regressed and one that did not."""
    made = Recorded(MadeUpRun(), cases=(KEY, OTHER), sides=SIDES, libraries={})
    made.pairs(KEY, 0.08).pairs(OTHER, 0.0).pairs(KEY, 0.0, twin=True)
    data = made.data()
    data.run["settings"]["seed"] = 7
    return sealed(tmp_path / "gate", data, coursebench="0.1.0")


def explained(folder):
    """Profile pairs beside the verdicts: `Net.forward` takes longer."""
    told = {"keys": [pairs_made_up.KEY], "ended": {"c/d[]": "crashed: gone"}, "alpha": 0.001, "coins": 1}
    pairs = pairs_made_up.pairs(head={**pairs_made_up.STEP, pairs_made_up.FORWARD: 600.0})
    profile_pair_tables.write(folder, told, pairs)


# --- a gate ---------------------------------------------------------------------------------------------------------


def test_a_gate_says_its_verdicts_and_prints_its_table(slower, capfd):
    found = gate(replay=slower)
    assert (found.verdict, found.status, found.id) == ("regressed", "complete", found.facts["run"])
    assert found.verdicts == {KEY: "regressed", OTHER: "not_slower"}
    assert found.outcomes == {"regressed": 1, "not_slower": 1}
    assert capfd.readouterr() == ("", "")
    print(found)
    shown = capfd.readouterr().out
    assert shown.startswith("regressed: 1 regressed, 1 not_slower\n")
    assert shown.endswith(f"kept in {slower}\n")
    assert repr(found) == str(found)
    assert max(map(len, found.text(width=80).splitlines())) <= 80


def test_the_files_of_a_gate_follow_their_suffix(slower, tmp_path):
    found = gate(replay=slower)
    assert found.save(tmp_path / "new" / "v.json") == tmp_path / "new" / "v.json"
    assert json.loads((tmp_path / "new" / "v.json").read_text())["verdict"] == "regressed"
    assert found.save(tmp_path / "v.md").read_text().startswith("### bench gate: regressed")
    assert ElementTree.parse(found.save(tmp_path / "v.xml")).getroot().get("failures") == "1"
    assert pd.read_csv(found.save(tmp_path / "v.csv"))["verdict"].tolist() == ["regressed", "not_slower"]
    with pytest.raises(UserError, match=r"\.json, \.md, \.html, \.xml or \.csv"):
        found.save(tmp_path / "v.png")


def test_a_gate_draws_its_verdicts_and_gives_its_rows(slower):
    found = gate(replay=slower)
    pd.testing.assert_frame_equal(found.frame(), bench.load(slower, level="verdicts"))
    (drawn,) = found.charts()
    assert isinstance(drawn, Drawn)
    assert drawn.slug == "verdict-gate"
    assert "regressed: it takes" in drawn.title
    with pytest.raises(UserError, match="there is no chart 'verdikt'"):
        found.chart("verdikt")


def test_a_gate_judged_by_another_rule_draws_and_gives_those_verdicts(slower):
    found = gate(replay=slower, slack=0.2)
    assert found.verdicts[KEY] != "regressed"
    assert found.frame()["slack"].unique().tolist() == [0.2]
    assert "regressed: it takes" not in found.charts().title


def test_a_notebook_shows_a_gate_as_a_table(slower):
    shown = gate(replay=slower)._repr_html_()
    assert shown.startswith("<p>regressed: 1 regressed")
    assert shown.count("<tr>") == 3


def test_why_it_regressed_stands_in_every_form_of_it(slower):
    assert gate(replay=slower).page is None
    explained(slower)
    found = gate(replay=slower)
    assert "Why a/b differs by" in str(found)
    assert "Not explained: c/d[]: crashed: gone" in str(found)
    assert json.loads(found.json())["explained"][0]["first"] == "Net.forward (mine.py)"
    assert "**Why a/b differs by" in found.markdown()
    assert found.page == slower / "explained.html"
    assert "Net.forward" in found.page.read_text()


def test_an_explanation_that_cannot_be_read_is_a_note_and_the_verdicts_stand(slower):
    explained(slower)
    (slower / profile_pair_tables.FOLDER / profile_pair_tables.FACTS).write_text('{"schema": 99}')
    heard = Heard()
    assert gate(replay=slower, listener=heard).verdict == "regressed"
    assert heard.notes[0].startswith("warning: nothing is explained: ")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"replay": "nowhere"}, "no run 'nowhere'"),
        ({"replay": "x", "explain": True}, "measures nothing"),
        ({"alpha": 0.0}, r"alpha=0.0: it must be between 1e-09 and 0.5"),
        ({"pairs": 0}, "pairs=0: it must be at least 1"),
        ({"explain_pairs": 11}, "explain_pairs=11: it must be between 12 and 100"),
        ({"budget": "soon"}, "'soon' is not a duration"),
    ],
)
def test_what_no_gate_can_be_is_refused(wrong, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=said):
        gate(**wrong)
    assert list(tmp_path.iterdir()) == []


# --- a profile, and a difference ------------------------------------------------------------------------------------


@pytest.fixture
def case_profile(tmp_path):
    """A profile of a product, its folder there and empty."""
    made, judged = profile_made_up.on_cpu()
    return CaseProfile(tmp_path, made.run, made, judged)


def test_a_profile_says_what_binds_the_step_and_prints_its_tables(case_profile):
    assert case_profile.verdict == "operator-bound"
    assert "\noperator-bound: " in str(case_profile)
    assert "aten::mm" in case_profile.text(width=100)
    assert case_profile.frame()["name"].tolist() == ["aten::mm", "aten::resolve_conj", "Optimizer.step#<b>SGD</b>.step"]
    read = pd.read_csv(io.StringIO(case_profile.text("csv")))
    assert len(read) == 3


def test_the_page_of_a_profile_is_written_where_it_is_not_there_yet(case_profile, tmp_path):
    page = case_profile.page
    assert "aten::mm" in page.read_text()
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".folded", ".html", ".json", ".svg"]
    page.write_text("as it was")
    assert case_profile.page.read_text() == "as it was"
    assert "aten::mm" in case_profile.write_pages().read_text()


def test_the_flame_graph_of_a_profile_is_an_svg_and_an_image_in_a_notebook(case_profile):
    flames = case_profile.flames()
    assert ElementTree.fromstring(flames).tag.endswith("svg")
    assert "step (mine.py)" in flames
    assert 'src="data:image/svg+xml;base64,' in case_profile._repr_html_()


def test_a_profile_without_stacks_has_no_flame_graph(tmp_path):
    made, judged = profile_made_up.profile(profile_made_up.on_cpu()[0].told, [], stacks=())
    bare = CaseProfile(tmp_path, made.run, made, judged)
    with pytest.raises(UserError, match="no stacks"):
        bare.flames()
    assert "<img" not in bare._repr_html_()


@pytest.fixture
def differing(tmp_path):
    """The folder of a difference, as `bench profile --diff` leaves it."""
    folder = tmp_path / "difference"
    folder.mkdir()
    explained(folder)
    facts = folder / profile_pair_tables.FOLDER / profile_pair_tables.FACTS
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "ended": {}}))
    runs.write(folder, {**profile_made_up.RUN, "status": "complete", "difference": {"sides": SIDES}})
    return folder


def test_a_difference_names_its_cause_in_every_form(differing):
    found = difference(from_run=differing)
    assert found.explained.first.name == "Net.forward (mine.py)"
    assert "Net.forward (mine.py)" in str(found)
    assert json.loads(found.text("json"))["first"] == "Net.forward (mine.py)"
    assert found.text("md").startswith("**Why")
    clear = found.frame()
    assert "Net.forward (mine.py)" in clear[clear["clear"]]["name"].tolist()
    assert len(pd.read_csv(io.StringIO(found.text("csv")))) == len(clear)
    assert ElementTree.fromstring(found.flames()).tag.endswith("svg")
    assert "Net.forward" in found.page.read_text()


@pytest.mark.parametrize(
    ("job", "wrong", "said"),
    [
        (profile, {}, "takes a case"),
        (profile, {"case": "a/b", "from_run": "x"}, "takes a case"),
        (profile, {"case": "matmul/square", "sets": {"size": [64, 128]}}, "this selects 2"),
        (profile, {"case": "matmul/square", "steps": 0}, "steps=0"),
        (profile, {"case": "matmul/squire"}, "matches no workload"),
        (difference, {}, "takes a case"),
        (difference, {"case": "matmul/square", "pairs": 11}, "pairs=11"),
    ],
)
def test_what_no_profile_can_be_is_refused(job, wrong, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=said):
        job(**wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_profile_is_no_difference_and_a_gate_is_neither(differing, slower):
    with pytest.raises(UserError, match="is not a profile"):
        profile(from_run=differing)
    with pytest.raises(UserError, match="is not a difference"):
        difference(from_run=slower)


# --- a certificate, a report, a run ---------------------------------------------------------------------------------


def test_a_certificate_counts_its_lines_and_is_held_by_all_of_them(tmp_path):
    facts = {
        "schema": 4, "run": "20261101T100000Z-00000000", "machine": "2-core", "fingerprint": "f", "created": "now",
        "status": "complete", "certificate": {"extent": "quick"},
    }  # fmt: skip
    held = CertificateLine("coverage", "normal", "simulated", HELD, "95 %", "at least 93%", 300, "measurements")
    broken = CertificateLine("linearity", "waits", "live", NOT_HELD, "slope 2", "1", 3, "pairs")
    found = Certificate(tmp_path, facts, (held, broken), tmp_path / "certificate.html")
    assert (found.verdict, found.outcomes) == (NOT_HELD, {HELD: 1, NOT_HELD: 1})
    assert "linearity" in str(found)
    assert json.loads(found.text("json"))["verdict"] == NOT_HELD
    assert found.frame()["check"].tolist() == ["coverage", "linearity"]
    assert found._repr_html_().startswith("<p>Certificate of 2-core")
    with pytest.raises(UserError, match="table or json"):
        found.text("md")


def test_a_report_is_its_paths(tmp_path):
    folder = stored(tmp_path / "run", made())
    found = bench.report(folder, out=tmp_path / "page", formats=["html", "pdf"])
    assert found.paths == (tmp_path / "page" / "index.html", tmp_path / "page" / "deck.pdf")
    assert found.folder == tmp_path / "page"
    assert str(found) == "\n".join(map(str, found.paths))
    assert found._repr_html_().count("<a href=") == 2
    again = bench.report(Result(folder, {}), out=tmp_path / "again")
    assert isinstance(again, Report)
    assert again.paths[0].read_bytes() == found.paths[0].read_bytes()


def made():
    run = MadeUpRun()
    for size in (64, 256, 1024):
        run.measured([2e-11 * size**3 * each for each in (1.0, 1.01, 0.99, 1.0, 1.02, 0.98)], size=size)
    return run
