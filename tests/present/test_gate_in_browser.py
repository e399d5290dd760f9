"""The page of a gate in a real browser: opened from disk, with the network off."""

import pytest

from bench.present.pages import gate_page
from tests.present import browsing
from tests.present.pages.test_gate_page import FACTS, full

pytestmark = browsing.NEEDED

SIZES = {
    "wide, dark": (1280, "dark"),
    "wide, light": (1280, "light"),
    "phone, dark": (390, "dark"),
    "phone, light": (390, "light"),
}


@pytest.fixture(params=SIZES)
def opened(request, browser, tmp_path):
    width, scheme = SIZES[request.param]
    path = tmp_path / "gate.html"
    path.write_text(gate_page.page(full(), FACTS, "explained.html"), encoding="utf-8")
    with browsing.opened(browser, path.as_uri(), width, scheme) as found:
        yield found


def test_it_opens_without_a_complaint_and_nothing_sticks_out(opened):
    tab, complaints = opened
    assert complaints == []
    assert not browsing.sticks_out(tab)


def test_the_picture_is_as_wide_as_the_page_lets_it_and_its_words_can_be_read(opened):
    tab, _ = opened
    box = tab.locator("svg.pairs").first.bounding_box()
    assert 300 <= box["width"] <= 34 * 17
    size = tab.locator("svg.pairs text").first.evaluate("each => each.getBoundingClientRect().height")
    assert size >= 9


def test_it_has_no_serious_fault_for_those_who_read_otherwise(opened):
    tab, _ = opened
    assert browsing.serious_faults(tab) == {}
