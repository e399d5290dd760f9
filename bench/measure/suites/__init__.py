"""The tests that a repository has for another tool, served as cases: the worker runs them in that tool's own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.suites import PYTEST, Suite

if TYPE_CHECKING:
    from bench.measure.channel import Channel
    from bench.measure.dispatcher import Dispatcher
    from bench.protocol import Collect, Import


def serve(suite: Suite, channel: Channel, dispatcher: Dispatcher, first: Collect | Import) -> None:
    """Answer the first request, and all later ones, until the parent is gone."""
    if suite.runner == PYTEST:
        from bench.measure.suites import pytest_host

        pytest_host.serve(suite, channel, dispatcher, first)
    else:
        from bench.measure.suites import asv_host

        asv_host.serve(suite, channel, dispatcher, first)
