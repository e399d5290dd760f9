"""The page to explore in a real browser: opened from disk, with the network off."""

import pytest

from bench.analyse.rows.row import Row
from bench.present import picture_style
from bench.present.pages import explore_page
from bench.records import Finding
from tests.present import browsing
from tests.present import example_rows as example

pytest.importorskip("altair")
pytest.importorskip("vl_convert")

pytestmark = browsing.NEEDED

EVIL = "<img src=x onerror=alert(1)>"
PAPERS = {theme.paper for theme in picture_style.THEMES.values()}


def loaders() -> list[Row]:
    """Loaders at two thread counts, a point of one launch, one case out of memory, one clock that a GPU has alone."""
    one = example.row("dataloader/epoch", 0.4, spread=0, loader="sliced", batch=32768, items=16384.0, unit="row",
                      launches=1, method="one launch: no interval")  # fmt: skip
    lost = example.row("dataloader/epoch", loader="dataloader", batch=32768, outcome="oom", reason="out of memory")
    two_threads = [example.scaled(row, 0.6) for row in example.loaders(threads=2)]
    return [*example.loaders(), *two_threads, *example.rows(one, lost)]


def evil() -> list[Row]:
    finding = Finding("drift", "warning", EVIL, EVIL)
    return example.rows(
        example.row(f"family/{EVIL}", 1e-3, form=EVIL, findings=[finding]),
        example.row(f"family/{EVIL}", 2e-3, form="plain"),
        example.row(f"family/{EVIL}", form="lost", outcome="failed", reason=EVIL),
    )


def clocked() -> list[Row]:
    rows = [
        example.row("matmul/product", 1e-5 * size * scale, device="cuda", size=size, clock=clock)
        for size in (1, 2, 4)
        for clock, scale in (("wall", 1.0), ("latency", 3.0), ("device", 0.5))
    ]
    lost = example.row("matmul/product", size=3, outcome="failed", reason="it raised")
    return example.rows(*rows, lost, *(example.row("matmul/product", 1e-4 * size, size=size) for size in (1, 2, 4)))


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    rows = [*loaders(), *example.modes(), *clocked(), *evil()]
    path = tmp_path_factory.mktemp("explore") / "explore.html"
    path.write_text(explore_page.page(rows, [{"run": "r"}], vs="mode=eager"))
    return path.as_uri()


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=str)
def opened(request, browser, address):
    with browsing.opened(browser, address, *request.param) as (tab, complaints):
        drawn(tab)
        yield tab, complaints


@pytest.fixture
def tab(browser, address):
    """The page, wide and light, where the width does not matter."""
    with browsing.opened(browser, address, 1280, "light") as (tab, complaints):
        drawn(tab)
        yield tab
        assert complaints == []


def drawn(tab):
    """Waits for the picture of what is chosen now."""
    tab.wait_for_function("document.querySelector('#chart').dataset.drawn === location.hash")


def choose(tab, **wanted):
    for label, value in wanted.items():
        tab.locator(f"select[name='{label}']").select_option(value)
    drawn(tab)


def marks(tab, kind="symbol"):
    return tab.locator(f"#chart g.mark-{kind}.role-mark > path, #chart g.mark-{kind}.role-mark > line").count()


def filled_and_hollow(tab):
    """How many points are filled, how many are hollow, how many are crosses."""
    shapes = tab.locator("#chart g.mark-symbol.role-mark > path").evaluate_all(
        "all => all.map((each) => [each.getAttribute('d'), each.getAttribute('fill')])"
    )
    crosses = sum("Z" not in path for path, _ in shapes)
    hollow = sum("Z" in path and fill in PAPERS for path, fill in shapes)
    return len(shapes) - crosses - hollow, hollow, crosses


def texts(tab):
    return tab.locator("#chart svg text").all_text_contents()


def cases(tab):
    return tab.locator("#table tbody th").all_inner_texts()


def test_it_opens_without_a_complaint_and_asks_the_network_for_nothing(opened):
    tab, complaints = opened
    assert complaints == []
    assert marks(tab) > 0


def test_nothing_sticks_out_to_the_side_whatever_is_drawn(opened):
    tab, _ = opened
    for workload in tab.locator("#workload option").evaluate_all("all => all.map((each) => each.value)"):
        choose(tab, workload=workload)
        assert not browsing.sticks_out(tab), workload
        inside = "svg => svg.getBoundingClientRect().right <= svg.closest('#chart').getBoundingClientRect().right"
        assert tab.locator("#chart svg").evaluate(inside), workload


def test_no_serious_fault_of_accessibility(opened):
    tab, _ = opened
    assert browsing.serious_faults(tab) == {}


def test_points_with_and_without_an_interval_are_drawn_apart_and_lost_cases_are_crosses(tab):
    choose(tab, workload="dataloader/epoch")
    assert filled_and_hollow(tab) == (30, 1, 1)
    assert tab.locator("#status").inner_text() == "31 points, 1 without an interval, 1 case without a number."
    assert "out of memory" in tab.locator("#why").inner_text()


def test_a_filter_leaves_its_points_in_picture_and_table(tab):
    choose(tab, workload="dataloader/epoch", **{"only.threads": "2"})
    assert filled_and_hollow(tab) == (15, 0, 0)
    assert len(cases(tab)) == 15
    assert all("threads=2" in case for case in cases(tab))
    assert tab.locator("#status").inner_text() == "15 points."


def test_lines_join_only_what_is_alike_in_all_other_axes(tab):
    choose(tab, workload="dataloader/epoch")
    assert tab.locator("#chart g.mark-line path").count() == 6  # three loaders at two thread counts
    choose(tab, color="")
    assert tab.locator("#chart g.mark-line path").count() == 6
    choose(tab, x="loader")
    assert tab.locator("#chart g.mark-line path").count() == 0  # names have no order to draw a line along


def test_a_line_ends_where_one_of_its_cases_has_no_number(tab):
    choose(tab, workload="matmul/product", clock="wall")
    assert tab.locator("#chart g.mark-line path").count() == 3  # that of the CPU is in two


def test_the_measure_changes_picture_title_and_table(tab):
    choose(tab, workload="regression/train_step", measure="speedup")
    assert tab.locator("#title").inner_text() == "speed-up against mode=eager"
    assert "1.4×" in texts(tab)
    assert "speed-up against mode=eager" in tab.locator("#table thead").inner_text()
    assert "1.52× [1.48, 1.57]" in tab.locator("#table tbody").inner_text()
    assert "no C++ compiler" in tab.locator("#why").inner_text()


def test_a_clock_that_a_case_lacks_leaves_it_out_and_says_why(tab):
    choose(tab, workload="matmul/product", clock="device")
    assert tab.locator("#status").inner_text() == "3 points, 4 cases without a number."
    assert "the CPU has no such clock: see wall" in tab.locator("#why").inner_text()
    choose(tab, measure="throughput", clock="wall")
    assert tab.locator("#status").inner_text() == "6 points, 1 case without a number."


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (example.rows(*(example.row("a/b", size=size, reason="no GPU") for size in (1, 2))), "no GPU"),
        ([], ""),
    ],
    ids=["failures", "nothing"],
)
def test_a_run_without_a_number_has_no_picture_and_says_so(browser, tmp_path, rows, said):
    path = tmp_path / "explore.html"
    path.write_text(explore_page.page(rows, [{}]))
    with browsing.opened(browser, path.as_uri(), 390, "light") as (tab, complaints):
        tab.wait_for_function("document.querySelector('#status').textContent !== ''")
        assert tab.locator("#status").inner_text().startswith("0 points")
        assert said in tab.locator("#why").inner_text()
        assert not tab.locator("#chart").is_visible()
        assert browsing.serious_faults(tab) == {}
        assert complaints == []


def test_scales_are_those_asked_for(tab):
    choose(tab, workload="dataloader/epoch", xscale="linear", yscale="linear")
    linear = texts(tab)
    assert "0 s" in linear
    choose(tab, yscale="log")
    assert "0 s" not in texts(tab)


def test_what_is_chosen_lies_in_the_address_and_comes_back_from_it(tab, browser, address):
    choose(tab, workload="dataloader/epoch", color="threads", **{"only.loader": "sliced"}, yscale="linear")
    before = cases(tab), tab.evaluate("location.hash")
    with browsing.opened(browser, address + before[1], 1280, "light") as (again, _):
        drawn(again)
        assert (cases(again), again.evaluate("location.hash")) == before
        assert again.locator("#yscale").input_value() == "linear"
        again.evaluate("location.hash = 'workload=matmul%2Fproduct&clock=latency'")
        drawn(again)
        assert again.locator("#clock").input_value() == "latency"
        assert again.locator("#workload").input_value() == "matmul/product"


def test_what_the_address_asks_for_in_vain_is_said(browser, address):
    with browsing.opened(browser, f"{address}#workload=matmul/product&x=colour", 1280, "light") as (tab, complaints):
        drawn(tab)
        assert "x=colour" in tab.locator("#remarks").inner_text()
        assert complaints == []


def test_a_link_to_a_heading_leaves_the_choice_alone(tab):
    choose(tab, workload="matmul/product")
    tab.get_by_role("link", name="The same as a table").click()
    assert tab.locator("#workload").input_value() == "matmul/product"


def test_controls_are_reached_and_changed_by_the_keyboard(tab):
    tab.locator("#workload").focus()
    before = tab.locator("#workload").input_value()
    tab.keyboard.press("ArrowDown")
    drawn(tab)
    assert tab.locator("#workload").input_value() != before
    assert tab.evaluate("document.activeElement.id") == "workload"
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "measure"


def test_a_filter_keeps_the_focus_when_it_is_changed(tab):
    choose(tab, workload="dataloader/epoch")
    tab.locator("[id='only.threads']").focus()
    tab.keyboard.press("ArrowDown")
    drawn(tab)
    assert tab.evaluate("document.activeElement.id") == "only.threads"
    assert all("threads=1" in case for case in cases(tab))


@pytest.mark.parametrize(("theme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 28)")])
def test_colours_are_chosen_for_page_and_picture_alike(opened, theme, paper):
    tab, complaints = opened
    tab.get_by_label("Colours").select_option(theme)
    tab.wait_for_function(f"document.querySelector('#chart').dataset.theme === '{theme}'")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == paper
    assert tab.locator("#chart svg").evaluate("svg => getComputedStyle(svg).backgroundColor") == paper
    assert complaints == []


def test_a_tooltip_tells_the_case_and_nothing_in_it_runs(tab):
    choose(tab, workload=f"family/{EVIL}")
    tab.locator("#chart g.mark-symbol.role-mark > path").first.hover(force=True)
    tip = tab.locator("#vg-tooltip-element")
    tip.wait_for(state="visible")
    assert EVIL in tip.inner_text()
    assert tip.locator("img").count() == 0
    assert EVIL in tab.locator("#table").inner_text()
    assert tab.locator("#table img, #why img").count() == 0
