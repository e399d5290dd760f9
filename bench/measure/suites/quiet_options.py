"""What a project sets for its own runs and the host of its tests cannot have: helpers in other processes, coverage,
time limits, files of results.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

LAST_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType({"xdist": ("-n0",), "pytest_cov": ("--no-cov",)})
"""By plugin: words that follow the project's own and overrule them; without the plugin they would be unknown."""

OFF: Mapping[str, Any] = MappingProxyType(
    {
        **dict.fromkeys(("benchmark_disable", "benchmark_skip", "benchmark_only", "benchmark_autosave"), False),
        **dict.fromkeys(("benchmark_json", "benchmark_save", "benchmark_compare", "benchmark_compare_fail")),
        **dict.fromkeys(("benchmark_histogram", "benchmark_cprofile", "xmlpath", "htmlpath")),
        **dict.fromkeys(("usepdb", "collectonly", "pyargs", "reruns", "maxfail"), 0),
    }
)
"""Options of pytest, pytest-benchmark and others that would write files, leave tests out or run them twice."""


def overrule(early_config: pytest.Config, args: list[str]) -> None:
    """Add the last words, before the project's are parsed for good."""
    for plugin, words in LAST_WORDS.items():
        if early_config.pluginmanager.hasplugin(plugin):
            args += words
    # pytest-cov starts before that, by the words as they are read at first.
    early_config.known_args_namespace.no_cov = True


def switch_off(config: pytest.Config) -> None:
    """Switch off what is on in the options that were parsed."""
    for name, value in OFF.items():
        if hasattr(config.option, name):
            setattr(config.option, name, value)
