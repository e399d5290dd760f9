"""A real browser with the network off, for the tests of pages."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests import forking

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

NEEDED = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Browser:
    """Chromium, and the tabs of it that are free: a new one takes longer than most tests."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self._free: dict[tuple[int, str], list[Any]] = defaultdict(list)

    @contextmanager
    def tab(self, width: int, scheme: str) -> Iterator[Any]:
        """An empty tab of this width, offline, for readers who like this scheme of colours."""
        viewport, free = {"width": width, "height": 900}, self._free[width, scheme]
        if not free:
            context = self._chromium.new_context(viewport=viewport, color_scheme=scheme, offline=True)
            free.append(context.new_page())
        tab = free.pop()
        yield tab
        tab.goto("about:blank")  # else the same address with another fragment would not be loaded
        tab.set_viewport_size(viewport)
        free.append(tab)


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium, as it is installed here; skips the test where playwright is not."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield Browser(found)
        found.close()


@contextmanager
def opened(browser: Browser, address: str, width: int, scheme: str) -> Iterator[tuple[Any, list[str]]]:
    """The page as a reader has it, and what the browser complained of or asked the network for."""
    forking.started("browser")  # the one of the session: whoever opens a page needs it
    complaints: list[str] = []
    hear: dict[str, Callable[[Any], None]] = {
        "console": lambda message: complaints.append(message.text),
        "pageerror": lambda error: complaints.append(str(error)),
        "dialog": lambda dialog: complaints.append("a script ran: " + dialog.message),
        "request": lambda asked: complaints.append(asked.url) if asked.url.startswith("http") else None,
    }
    with browser.tab(width, scheme) as tab:
        for event, listener in hear.items():
            tab.on(event, listener)
        tab.goto(address)
        yield tab, complaints
        for event, listener in hear.items():
            tab.remove_listener(event, listener)


def sticks_out(tab: Any) -> bool:
    """Does the page have to be scrolled sideways?"""
    return bool(tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def serious_faults(tab: Any) -> dict[str, str]:
    """By rule of accessibility that is broken badly, the first element that does; skips where axe is not installed."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(tab).response["violations"]
    return {each["id"]: each["nodes"][0]["html"] for each in found if each["impact"] in ("serious", "critical")}
