"""Pages of profiles and of differences in a real browser: opened from disk, with the network off."""

import pytest

from bench.analyse.profiles.difference import explain
from bench.present.pages import difference_page
from bench.present.pages.profile_page import page
from tests.analyse.profiles.pairs_made_up import BACKWARD, FORWARD, KEY, STEP, pairs
from tests.present import browsing
from tests.present.profile_made_up import RUN, on_cpu, on_gpu

pytestmark = browsing.NEEDED


def difference():
    data = pairs(head={**STEP, FORWARD: 600.0, BACKWARD: 700.0})
    return difference_page.page(
        [explain(data, KEY)], data, RUN, {"c/d[x=1]": "crashed"}, {KEY: "regressed: head ÷ base 1.06"}
    )


PAGES = {
    "profile, wide": (1280, "dark", lambda: page(*on_gpu())),
    "profile, narrow": (390, "light", lambda: page(*on_cpu())),
    "difference, wide": (1280, "light", difference),
    "difference, narrow": (390, "dark", difference),
}


@pytest.fixture(params=PAGES)
def opened(request, browser, tmp_path):
    """The page as a reader has it, and what the browser complained of or asked the network for."""
    width, scheme, made = PAGES[request.param]
    path = tmp_path / "profile.html"
    path.write_text(made(), encoding="utf-8")
    with browsing.opened(browser, path.as_uri(), width, scheme) as found:
        yield found


def test_it_opens_without_a_complaint_and_nothing_sticks_out(opened):
    tab, complaints = opened
    tab.wait_for_load_state("load")
    assert complaints == []
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("opened", [name for name in PAGES if name.startswith("profile")], indirect=True)
def test_operators_sort_by_their_numbers_and_filter_by_words(opened):
    tab, _ = opened
    table = tab.locator("[data-workload='operators'] table")
    table.locator("thead th", has_text="self").get_by_role("button").click()
    cells = table.locator("tbody tr > :nth-child(4)[data-sort]")
    numbers = cells.evaluate_all("cells => cells.map(cell => Number(cell.dataset.sort))")
    assert numbers == sorted(numbers)
    tab.get_by_label("Show rows with all of these words").fill("aten::mm")
    assert table.locator("tbody tr:visible").count() == 1


def test_a_frame_can_be_found_and_zoomed_into(opened):
    tab, _ = opened
    tab.get_by_label("Find frames").first.fill("forward")
    assert "%" in tab.locator(".flame-graph [role=status]").first.inner_text()
    tab.locator(".flame [tabindex='0']").first.press("ArrowDown")
    tab.keyboard.press("Enter")
    assert tab.locator(".flame g.faded").count() >= 1


def test_no_serious_fault_of_accessibility(opened):
    tab, _ = opened
    assert browsing.serious_faults(tab) == {}
