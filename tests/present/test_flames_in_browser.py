"""Flame graphs in a real browser: opened from disk, with the network off."""

import jinja2
import pytest

from bench.present.flames import flame_graph, flame_tree
from tests.present import browsing
from tests.present.stacks_made_up import ODD, TRAIN_STEP, deep, replaced, wide

pytestmark = browsing.NEEDED

PAGE = """\
{% from "flames.html.j2" import flame, flame_style with context %}
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Flames</title>
<style>{% include "style.css" %}{{ flame_style() }}</style></head>
<body><header><h1>Flames</h1></header>
<main>{% for graph in graphs %}{{ flame(graph) }}{% endfor %}</main>
{% if script %}<script>{% include "flames.js" %}</script>{% endif %}
</body></html>
"""

LINEAR = "linear (torch/_C/_nn)"
CONTAINER = "forward (torch/nn/modules/container.py)"


def page(*graphs, script=True):
    environ = jinja2.Environment(loader=jinja2.PackageLoader("bench.present"), autoescape=True)
    return environ.from_string(PAGE).render(graphs=graphs, script=script)


def difference():
    head = replaced(replaced(TRAIN_STEP, LINEAR, 1.5), "_single_tensor_adam (torch/optim/adam.py)", 0.7)
    clear = {
        (LINEAR, "forward (workloads/_course/models.py)"): 2.5e-4,
        ("_single_tensor_adam (torch/optim/adam.py)", "step (workloads/regression/train_step.py)"): -1.6e-4,
    }
    return flame_graph.inline_difference(TRAIN_STEP, head, clear, title="A training step against the base")


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flames")

    def written(name, *graphs, script=True):
        path = folder / f"{name}.html"
        path.write_text(page(*graphs, script=script), encoding="utf-8")
        return path.as_uri()

    return written


@pytest.fixture(scope="module")
def address(write):
    return write("both", flame_graph.inline(TRAIN_STEP, title="A training step"), difference())


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str)
def opened(request, browser, address):
    with browsing.opened(browser, address, *request.param) as (tab, complaints):
        yield tab, complaints


@pytest.fixture
def tab(browser, address):
    with browsing.opened(browser, address, 1280, "light") as (tab, complaints):
        yield tab
        assert complaints == []


def frame(tab, text):
    """The first frame of this text in the first graph."""
    return tab.locator(".flame").first.locator(f'g[aria-label^="{text}"]').first


def box(found):
    return found.locator("rect").bounding_box()


def overflowing(tab):
    """Labels that reach out of their frame, and those that are too small to be read."""
    return tab.locator(".flame g text").evaluate_all("""all => all.filter((text) => {
      const inner = text.getBBox(), outer = text.parentNode.querySelector("rect").getBBox();
      if (text.parentNode.style.display === "none" || text.textContent === "") { return false; }
      return inner.x < outer.x || inner.x + inner.width > outer.x + outer.width || inner.y < outer.y - 1
        || inner.y + inner.height > outer.y + outer.height + 1 || text.getBoundingClientRect().height < 12;
    }).map((text) => text.textContent)""")


def test_it_opens_without_a_complaint_and_nothing_sticks_out(opened):
    tab, complaints = opened
    tab.wait_for_load_state("load")
    assert complaints == []
    assert not browsing.sticks_out(tab)
    for graph in tab.locator(".flame").all():
        assert graph.evaluate("svg => svg.parentElement.scrollWidth <= svg.parentElement.clientWidth")


def test_labels_lie_within_their_frames_before_and_after_a_zoom(opened):
    tab, _ = opened
    assert overflowing(tab) == []
    assert tab.locator(".flame").first.locator("g text").count() > 5
    frame(tab, CONTAINER).click()
    assert overflowing(tab) == []


def test_no_serious_fault_of_accessibility_before_and_after_a_zoom_and_a_search(opened):
    tab, _ = opened
    assert browsing.serious_faults(tab) == {}
    frame(tab, CONTAINER).click()
    tab.get_by_label("Find frames").first.fill("linear")
    assert browsing.serious_faults(tab) == {}


def test_a_click_makes_a_frame_as_wide_as_the_graph_and_fades_what_called_it(opened):
    tab, _ = opened
    whole = box(frame(tab, flame_tree.ROOT))["width"]
    assert box(frame(tab, CONTAINER))["width"] < 0.9 * whole
    frame(tab, CONTAINER).click()
    assert box(frame(tab, CONTAINER))["width"] == pytest.approx(whole, abs=1)
    assert box(frame(tab, flame_tree.ROOT))["width"] == pytest.approx(whole, abs=1)
    assert "faded" in frame(tab, flame_tree.ROOT).get_attribute("class")
    assert not frame(tab, "backward (torch/_tensor.py)").is_visible()
    assert CONTAINER in tab.locator(".now").first.inner_text()


def test_a_faded_frame_leads_back_and_the_button_does(tab):
    before = box(frame(tab, CONTAINER))
    frame(tab, CONTAINER).click()
    frame(tab, flame_tree.ROOT).click()
    assert box(frame(tab, CONTAINER)) == before
    frame(tab, CONTAINER).click()
    tab.get_by_role("button", name="Reset").first.click()
    assert box(frame(tab, CONTAINER)) == before
    assert tab.locator(".faded").count() == 0


def test_a_search_marks_what_it_finds_and_counts_no_time_twice(tab):
    tab.get_by_label("Find frames").first.fill("FORWARD linear")
    assert tab.locator(".hit title").evaluate_all("all => all.map((each) => each.textContent.split('\\n')[0])") == [
        "forward (torch/nn/modules/linear.py)"
    ]
    total = sum(weight for _, weight in TRAIN_STEP)
    through = sum(weight for stack, weight in TRAIN_STEP if "forward (torch/nn/modules/linear.py)" in stack)
    assert tab.get_by_role("status").first.inner_text() == f"1 frame, {100 * through / total:.1f} % of the step"
    tab.get_by_label("Find frames").first.fill("forward")
    through = sum(weight for stack, weight in TRAIN_STEP if any("forward" in each for each in stack))
    assert tab.get_by_role("status").first.inner_text().endswith(f" frames, {100 * through / total:.1f} % of the step")
    tab.get_by_role("button", name="Reset").first.click()
    assert tab.locator(".hit, .faded").count() == 0
    assert tab.get_by_role("status").first.inner_text() == ""


def test_a_search_that_finds_nothing_says_so(tab):
    tab.get_by_label("Find frames").first.fill("no such frame")
    assert tab.get_by_role("status").first.inner_text() == "0 frames, 0.0 % of the step"


def test_graphs_of_a_page_are_searched_and_zoomed_apart(tab):
    frame(tab, CONTAINER).click()
    tab.get_by_label("Find frames").first.fill("linear")
    assert tab.locator(".flame").nth(1).locator(".hit, .faded").count() == 0


def test_the_direction_of_a_difference_is_in_its_label_at_any_width(opened):
    tab, _ = opened
    labels = tab.locator(".flame").nth(1).locator("g[data-mark] text").all_text_contents()
    assert sorted(label[0] for label in labels) == ["+", "−"]


def test_the_keyboard_reaches_frames_zooms_and_comes_back(tab):
    tab.get_by_role("button", name="Reset").first.focus()
    tab.keyboard.press("Tab")

    def focused():
        return tab.evaluate("document.activeElement.getAttribute('aria-label')?.split(':')[0]")

    assert focused() == flame_tree.ROOT
    for _ in range(4):
        tab.keyboard.press("ArrowDown")
    assert focused() == "_wrapped_call_impl (torch/nn/modules/module.py)"  # the widest of its row
    tab.keyboard.press("ArrowRight")
    assert focused() == "backward (torch/_tensor.py)"
    assert tab.locator(".ring").first.is_visible()
    assert "backward (torch/_tensor.py)" in tab.locator(".now").first.inner_text()
    tab.keyboard.press("ArrowLeft")
    assert focused() == "_wrapped_call_impl (torch/nn/modules/module.py)"
    tab.keyboard.press("ArrowRight")
    assert focused() == "backward (torch/_tensor.py)"
    tab.keyboard.press("Enter")
    whole = box(frame(tab, flame_tree.ROOT))["width"]
    assert box(frame(tab, "backward (torch/_tensor.py)"))["width"] == pytest.approx(whole, abs=1)
    tab.keyboard.press("ArrowUp")
    assert focused() == "step (workloads/regression/train_step.py)"
    tab.keyboard.press("ArrowDown")
    assert focused() == "backward (torch/_tensor.py)"
    tab.keyboard.press("Escape")
    assert box(frame(tab, "backward (torch/_tensor.py)"))["width"] < 0.9 * whole
    assert focused() == flame_tree.ROOT


def test_colours_follow_the_theme_that_the_page_is_set_to(tab):
    fills = "() => [...document.querySelectorAll('.flame .own rect')].map((rect) => getComputedStyle(rect).stroke)"
    before = set(tab.evaluate(fills))
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert (before, set(tab.evaluate(fills))) == ({"rgb(255, 255, 255)"}, {"rgb(20, 23, 28)"})


def test_one_frame_of_a_graph_is_in_the_order_of_tab(tab):
    assert tab.locator(".flame").first.locator("[tabindex='0']").count() == 1


def test_a_narrower_window_lays_the_frames_out_anew(tab):
    tab.set_viewport_size({"width": 500, "height": 900})
    tab.wait_for_function("document.querySelector('.flame').getBoundingClientRect().width < 500")
    assert overflowing(tab) == []
    assert not browsing.sticks_out(tab)


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 28)")])
def test_without_its_script_the_graph_is_there_in_the_colours_of_the_theme(browser, write, scheme, paper):
    static = write("static", flame_graph.inline(TRAIN_STEP, title="A training step"), script=False)
    with browsing.opened(browser, static, 390, scheme) as (tab, complaints):
        assert tab.get_by_role("img").is_visible()
        assert tab.locator(".flame g rect").first.evaluate("rect => getComputedStyle(rect).stroke") == paper
        assert overflowing(tab) == []
        assert not browsing.sticks_out(tab)
        assert not tab.locator("input").is_visible()
        assert browsing.serious_faults(tab) == {}
        assert complaints == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "stacks", [[(("step (workloads/a.py)",), 1e-3)], deep(60), wide(2000), ODD], ids=["one", "deep", "wide", "odd"]
)
def test_hard_graphs_keep_their_labels_within_their_frames(browser, write, stacks, width):
    hard = write("hard", flame_graph.inline(stacks, title="A hard one"))
    with browsing.opened(browser, hard, width, "light") as (tab, complaints):
        assert overflowing(tab) == []
        tab.locator(".flame g").nth(1).click()
        assert overflowing(tab) == []
        assert not browsing.sticks_out(tab)
        assert complaints == []


@pytest.mark.parametrize("stacks", [TRAIN_STEP, ODD, wide(2000)], ids=["step", "odd", "wide"])
def test_a_file_of_its_own_keeps_its_words_within(browser, tmp_path, stacks):
    path = tmp_path / "flames.svg"
    title = (
        "A title that goes on until it has no room left in one line, which it does at some point, for it is very long"
    )
    path.write_text(flame_graph.draw(stacks, title=title, width=900), encoding="utf-8")
    with browsing.opened(browser, path.as_uri(), 1280, "light") as (tab, complaints):
        assert overflowing(tab) == []
        ends = tab.locator("text.title, text.words").evaluate_all(
            "all => all.map((t) => t.getBBox()).map((b) => [b.x + b.width, b.y + b.height])"
        )
        height = tab.evaluate("document.documentElement.viewBox.baseVal.height")
        assert all(right <= 900 and bottom <= height for right, bottom in ends)
        assert complaints == []
