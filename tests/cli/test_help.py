"""The words of `--help`: an option begins with what the user gets, in at most twelve words."""

import re

import pytest
import typer

from bench.cli.app import app

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group, since it has commands
OPTIONS = {
    f"{name} {item.opts[-1]}": item.help
    for name, command in COMMANDS.items()
    for item in command.params
    if getattr(item, "help", None)
}
RIDDLES = re.compile(r"\bso many\b|\btold\b|\bhad\b|\blikewise\b|^Of\b|\bin any event\b", re.IGNORECASE)


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_explained_in_at_most_twelve_words(option):
    assert 1 <= len(OPTIONS[option].split()) <= 12


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_explained_without_a_riddle(option):
    assert not RIDDLES.search(OPTIONS[option])
    assert OPTIONS[option].endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_explained_without_a_riddle(name):
    assert not RIDDLES.search(COMMANDS[name].help)


def test_riddles_and_long_words_would_be_found():
    assert len(OPTIONS) > 60
    for text in ("Of all coins and orders.", "So many pairs a case.", "How stacks are had.", "Likewise; the tree."):
        assert RIDDLES.search(text)


@pytest.mark.parametrize("name", COMMANDS)
def test_brackets_and_dots_stand_once_around_what_may_be_left_out(name):
    usage = COMMANDS[name].get_usage(COMMANDS[name].make_context(name, [], resilient_parsing=True))
    assert "[[" not in usage
    assert "......" not in usage
    assert "... ..." not in usage


@pytest.mark.parametrize(("name", "words"), [("run", "[SELECT]..."), ("show", "[RUN]..."), ("profile", "[CASE]")])
def test_the_usage_names_what_may_be_left_out(name, words):
    usage = COMMANDS[name].get_usage(COMMANDS[name].make_context(name, [], resilient_parsing=True))
    assert words in usage
