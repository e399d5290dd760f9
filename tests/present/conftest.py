"""Golden files: what people read, kept word for word; and one browser for all pages."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.present import browsing

HERE = Path(__file__).parent

GOLDEN = HERE / "golden"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare text with a file in `golden/`; UPDATE_GOLDEN=1 writes the file anew, to be read before it is kept."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def browser() -> Iterator[browsing.Browser]:
    """Chromium, started once for all pages that tests open."""
    with browsing.browser() as found:
        yield found
