"""The report in a real browser: opened from disk, with the network off."""

import pytest

from bench.present import charts
from bench.present.pages.report_page import page
from tests.present import browsing
from tests.present import example_rows as example

pytestmark = browsing.NEEDED


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The address of a report with charts, failures and a name that would like to be a script."""
    rows = [*example.matmul(), *example.loaders()]
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(
        page(rows, charts.available(rows), [{"run": "r", "environment": {"cpu": "<script>alert(1)</script>"}}])
    )
    return path.as_uri()


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light")], ids=str)
def opened(request, browser, report):
    with browsing.opened(browser, report, *request.param) as found:
        yield found


def test_it_opens_without_a_complaint_and_asks_the_network_for_nothing(opened):
    tab, complaints = opened
    tab.wait_for_load_state("load")
    assert complaints == []
    assert tab.title()


def test_every_picture_is_there_and_has_words_for_who_cannot_see_it(opened):
    tab, _ = opened
    pictures = tab.locator("picture img")
    assert pictures.count() >= 2
    for picture in pictures.all():
        assert len(picture.get_attribute("alt") or "") > 40
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_nothing_sticks_out_to_the_side(opened):
    tab, _ = opened
    assert not browsing.sticks_out(tab)


def medians(tab):
    """What the first table says in its column of medians, top down, and the numbers that it sorts by."""
    table = tab.locator("table").first
    headings = table.locator("thead th").all_inner_texts()
    place = next(place for place, text in enumerate(headings, start=1) if text.startswith("median"))
    cells = table.locator(f"tbody tr > :nth-child({place})[data-sort]")
    return cells.all_inner_texts(), cells.evaluate_all("cells => cells.map(cell => Number(cell.dataset.sort))")


def test_a_click_on_a_heading_sorts_by_the_number_and_a_second_one_the_other_way(opened):
    tab, _ = opened
    head = tab.locator("table").first.locator("thead th", has_text="median")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    rising, numbers = medians(tab)
    assert numbers == sorted(numbers) != numbers[::-1]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert medians(tab) == (rising[::-1], numbers[::-1])


def test_a_case_without_a_number_comes_last_either_way(opened):
    tab, _ = opened
    button = tab.locator("table").first.locator("thead th", has_text="median").get_by_role("button")
    for _ in range(2):
        button.click()
        assert "out of memory" in tab.locator("table").first.locator("tbody tr").last.inner_text()


def test_the_filter_leaves_the_rows_with_all_words_and_says_how_many(opened):
    tab, _ = opened
    every = tab.locator("tbody tr").count()
    tab.get_by_label("Show rows with all of these words").fill("dataloader batch=32 sliced")
    shown = tab.locator("tbody tr:visible")
    assert 0 < shown.count() < every
    assert all("sliced" in text and "batch=32" in text for text in shown.all_inner_texts())
    assert tab.locator("#filtered").inner_text() == f"{shown.count()} of {every} rows"
    assert not tab.locator("[data-workload='matmul/square']").is_visible()
    tab.get_by_label("Show rows with all of these words").fill("")
    assert tab.locator("tbody tr:visible").count() == every


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_are_chosen_for_page_and_pictures_alike(opened, theme):
    tab, complaints = opened
    tab.get_by_label("Colours").select_option(theme)
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}[theme]
    picture = tab.locator("picture").first
    chosen = picture.evaluate(
        "p => p.querySelector('img').currentSrc === p.querySelector('source').srcset ? 'dark' : 'light'"
    )
    assert chosen == theme
    assert complaints == []


def test_the_findings_stand_first_and_lead_to_their_charts(opened):
    tab, _ = opened
    links = tab.locator(".findings a")
    assert links.count() == tab.locator("figure").count()
    for link in links.all():
        assert tab.locator(f"figure{link.get_attribute('href')}").count() == 1


def test_no_serious_fault_of_accessibility(opened):
    tab, _ = opened
    assert browsing.serious_faults(tab) == {}
