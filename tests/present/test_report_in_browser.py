"""The report in a real browser: opened from disk, with the network off."""

import shutil

import pandas as pd
import pytest

from bench.present import charts
from bench.present.report import page
from tests.present import present_frames as example

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The address of a report with charts, failures and a name that would like to be a script."""
    frame = pd.concat([example.matmul(), example.loaders()], ignore_index=True)
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(page(frame, charts.available(frame), {"cpu": "<script>alert(1)</script>"}, {"run": "r"}, []))
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light")], ids=str)
def opened(request, browser, report):
    """The page as a reader has it, and what the browser complained of or asked the network for."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("dialog", lambda dialog: complaints.append("a script ran: " + dialog.message))
    tab.on("request", lambda asked: complaints.append(asked.url) if asked.url.startswith("http") else None)
    tab.goto(report)
    yield tab, complaints
    context.close()


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
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
