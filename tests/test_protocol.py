"""The pipe between parent and worker: every message there and back, and whatever else may arrive on it."""

from __future__ import annotations

import json
import math
import os
import threading
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.measure.channel import Channel
from bench.protocol import (
    VERSION,
    BlockTimed,
    Closed,
    Collect,
    Collected,
    Hello,
    Imported,
    Inspect,
    Inspected,
    Loop,
    Looped,
    Message,
    NoiseReading,
    Open,
    Opened,
    OpenToProfile,
    ProfileSteps,
    ReadNoise,
    Refused,
    Reply,
    Request,
    Stage,
    StepsProfiled,
    TimeBlock,
    TimedWithOthers,
    TimeWithOthers,
    Visit,
    Visited,
)
from bench.protocol import Close as CloseCase
from bench.protocol import Import as ImportFiles
from bench.protocol.rows import Fault, OperatorCalls, OwnedTime, SampledStack, TimedBlock, TimerPair
from bench.protocol.wire import ProtocolError, decode, encode
from bench.records import Settings, Source
from bench.series import Series
from bench.suites import RUNNERS, FoundTest, OtherTest, Suite

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FACTS = st.dictionaries(st.text(), JSON, max_size=3)
WORDS = st.dictionaries(st.text(), st.text(), max_size=3)
SERIES = st.builds(Series, st.text(), st.sampled_from(["wall", "latency", "device"]))
STEPS = st.dictionaries(SERIES, st.integers(), max_size=3)
BLOCKS = st.builds(TimedBlock, SERIES, st.integers(), st.booleans(), st.integers(), st.integers())
TEXTS = st.lists(st.text(), max_size=3)
SUITES = st.builds(Suite, st.sampled_from(RUNNERS), st.text(), st.text())
SOURCES = st.builds(Source, st.text(), st.text(), st.none() | st.text(), st.text(), st.none() | SUITES)
SETTINGS = st.builds(
    Settings,
    launches=st.none() | st.integers(min_value=1),
    precision=NUMBERS,
    visits=st.integers(),
    budget_s=st.none() | NUMBERS,
    seed=st.integers(),
)

MESSAGES: dict[type[Any], st.SearchStrategy[Any]] = {
    ImportFiles: st.builds(ImportFiles, st.lists(SOURCES, max_size=3)),
    Open: st.builds(Open, st.text(), SOURCES, SETTINGS, STEPS, st.text(), st.booleans()),
    Visit: st.builds(Visit, st.text()),
    TimeBlock: st.builds(TimeBlock, st.text(), st.text(), st.booleans()),
    CloseCase: st.builds(CloseCase, st.text()),
    Inspect: st.builds(Inspect, st.text(), SOURCES, SETTINGS),
    ReadNoise: st.builds(ReadNoise, NUMBERS),
    Collect: st.builds(Collect, SUITES),
    Collected: st.builds(
        Collected,
        st.lists(
            st.builds(
                FoundTest, st.text(), st.text(), st.text(), WORDS, st.text(), st.text(), st.integers(), st.text()
            ),
            max_size=2,
        ),
        st.lists(st.builds(OtherTest, st.text(), st.text()), max_size=2),
        st.integers(),
        WORDS,
        st.text(),
    ),
    Hello: st.builds(Hello, st.integers(), FACTS, WORDS),
    Stage: st.builds(Stage, st.text(), st.text()),
    Imported: st.builds(Imported, WORDS),
    Opened: st.builds(Opened, st.text(), STEPS, TEXTS, FACTS, st.integers()),
    Visited: st.builds(Visited, st.text(), st.lists(BLOCKS, max_size=3), NUMBERS),
    TimeWithOthers: st.builds(TimeWithOthers, st.text(), st.integers(), st.text()),
    TimedWithOthers: st.builds(
        TimedWithOthers,
        st.text(),
        st.integers(),
        st.dictionaries(
            st.text(), st.lists(st.builds(TimerPair, st.integers(), st.integers()), max_size=3), max_size=2
        ),
    ),
    BlockTimed: st.builds(BlockTimed, st.text(), st.integers(), st.integers()),
    Closed: st.builds(Closed, st.text(), FACTS, st.dictionaries(SERIES, st.text(), max_size=3)),
    OpenToProfile: st.builds(OpenToProfile, st.text(), SOURCES, SETTINGS, STEPS, st.text(), st.booleans()),
    Loop: st.builds(Loop, st.text(), NUMBERS, st.text(), st.none() | st.integers()),
    Looped: st.builds(
        Looped,
        st.text(),
        st.integers(),
        st.integers(),
        st.lists(st.integers()),
        st.lists(st.builds(SampledStack, st.text(), st.text(), st.integers(), st.integers()), max_size=3),
    ),
    ProfileSteps: st.builds(ProfileSteps, st.text(), st.none() | st.integers(), st.text(), st.none() | st.integers()),
    StepsProfiled: st.builds(
        StepsProfiled,
        st.text(),
        FACTS,
        st.lists(st.builds(OwnedTime, st.text(), st.text(), st.text(), st.integers()), max_size=3),
        st.lists(st.builds(OperatorCalls, st.text(), st.text(), st.integers()), max_size=3),
    ),
    Refused: st.builds(Refused, st.text(), st.text(), st.text(), st.text(), FACTS),
    Inspected: st.builds(Inspected, st.text(), TEXTS, st.lists(st.builds(Fault, st.text(), st.text()), max_size=3)),
    NoiseReading: st.builds(
        NoiseReading,
        st.lists(st.integers()),
        st.lists(st.integers()),
        st.none() | st.integers(),
        st.none() | NUMBERS,
        NUMBERS,
        NUMBERS,
    ),
}
ANY = st.one_of(*MESSAGES.values())


# --- one message ----------------------------------------------------------------------------------------------------


def test_every_type_of_message_is_tried() -> None:
    assert set(MESSAGES) == {*typing.get_args(Request), *typing.get_args(Reply)}


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_message_comes_back_as_it_was_sent(kind: type[Any], data: st.DataObject) -> None:
    message = data.draw(MESSAGES[kind])
    assert decode(encode(message)) == message
    assert type(decode(encode(message))) is kind


@given(ANY)
def test_a_message_is_one_line_with_one_separator_at_its_start(message: Message) -> None:
    sent = encode(message)
    assert sent.startswith(b"\x1e{")
    assert sent.endswith(b"}\n")
    assert (sent.count(b"\x1e"), sent.count(b"\n")) == (1, 1)


def test_half_a_character_survives() -> None:  # of a file name that is not UTF-8, as Python spells it
    assert decode(encode(Refused("a/b", "failed", "no file '\udcff'"))) == Refused("a/b", "failed", "no file '\udcff'")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_not_sent(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode(Opened("a/b", {}, ["wall"], {"quality": {"loss": number}}, 0))


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_a_number_that_is_not_finite_is_not_taken(number: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(b'\x1e{"message": "Listen", "seconds": ' + number + b"}\n")


# --- rubbish --------------------------------------------------------------------------------------------------------


@given(st.binary().map(lambda rubbish: rubbish.replace(b"\x1e", b"").replace(b"\n", b"")))
def test_a_line_without_a_separator_is_no_message(rubbish: bytes) -> None:
    assert decode(rubbish + b"\n") is None


@given(st.binary().map(lambda rubbish: rubbish.replace(b"\n", b"")), ANY)
@example(b'\x1e{"message": "Vis', Visit("a/b"))  # the half of another, from a thread that was interrupted
def test_rubbish_before_a_message_is_passed_over(rubbish: bytes, message: Message) -> None:
    assert decode(rubbish + encode(message)) == message


MALFORMED = {
    "no JSON": b"{",
    "nothing": b"",
    "no UTF-8": b'{"message": "\xff"}',
    "a list": b"[]",
    "no type": b'{"key": "a/b"}',
    "an unknown type": b'{"message": "Sleep"}',
    "a type that is no text": b'{"message": []}',
    "a field too few": b'{"message": "Visit"}',
    "a field too many": b'{"message": "Visit", "key": "a/b", "mood": "good"}',
    "a source that is none": b'{"message": "Open", "key": "a/b", "source": 3, "settings": {}}',
    "a source with an unknown field": b'{"message": "Import", "sources": [{"path": "", "function": "", "mood": ""}]}',
    "an unknown setting": b'{"message": "Inspect", "key": "a/b", "source": {}, "settings": {"mood": 1}}',
    "rubbish behind": b'{"message": "Visit", "key": "a/b"} and more',
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_message_is_an_error(text: bytes) -> None:
    with pytest.raises(ProtocolError, match=f"not a message of version {VERSION}"):
        decode(b"\x1e" + text + b"\n")


BLOCK = {"series": "step:wall", "index": 0, "kept": True, "steps": 100, "total_ns": 1_234_567}


def visited(block: Any) -> bytes:
    """A `Visited` with one block, as it travels."""
    return b"\x1e" + json.dumps({"message": "Visited", "key": "a/b", "blocks": [block], "seconds": 0.5}).encode()


def test_a_block_travels_by_the_names_of_its_fields() -> None:
    message = Visited("a/b", [TimedBlock(Series("step", "wall"), 0, True, 100, 1_234_567)], 0.5)
    assert decode(visited(BLOCK)) == message
    unknown = dict.fromkeys(("cpu_ns", "thread_ns", "preempted", "waited"))
    assert json.loads(encode(message)[1:])["blocks"] == [{**BLOCK, **unknown}]


@pytest.mark.parametrize(
    "block",
    [
        ["step", "wall", 0, True, 100, 1_234_567],  # by position, as until version 5
        {name: value for name, value in BLOCK.items() if name != "kept"},
        {**BLOCK, "mood": "good"},
        {**BLOCK, "series": "step"},
        {**BLOCK, "series": ["step", "wall"]},
        {**BLOCK, "series": {"phase": "step", "clock": "wall"}},
        {**BLOCK, "index": "0"},
        {**BLOCK, "index": True},
        {**BLOCK, "kept": 1},
        {**BLOCK, "kept": None},
        {**BLOCK, "steps": 100.0},
        {**BLOCK, "total_ns": None},
        None,
        "step:wall",
    ],
)
def test_a_malformed_block_is_an_error_of_the_protocol(block: Any) -> None:
    with pytest.raises(ProtocolError, match=f"not a message of version {VERSION}"):
        decode(visited(block))


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_field_of_another_type_is_an_error_of_the_protocol(kind: type[Any], data: st.DataObject) -> None:
    body = json.loads(encode(data.draw(MESSAGES[kind]))[1:])
    name = data.draw(st.sampled_from([name for name in body if name != "message"]))
    body[name] = {"no": [{"such": "value"}]} if not isinstance(body[name], dict) else 3
    with pytest.raises(ProtocolError):
        decode(b"\x1e" + json.dumps(body).encode())


def test_a_whole_number_will_do_where_a_real_one_is_wanted() -> None:
    assert decode(b'\x1e{"message": "ReadNoise", "seconds": 2}') == ReadNoise(2.0)
    with pytest.raises(ProtocolError):
        decode(b'\x1e{"message": "ReadNoise", "seconds": 1' + 400 * b"0" + b"}")


@pytest.mark.parametrize("text", [b'"Visit"', b"3", b"null", b"true"])
def test_json_that_is_no_object_is_an_error_of_the_protocol(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(b"\x1e" + text + b"\n")


@given(st.binary().map(lambda text: text.replace(b"\x1e", b"")))
def test_behind_a_separator_is_a_message_or_an_error(text: bytes) -> None:
    try:
        json.loads(text)
    except ValueError:
        with pytest.raises(ProtocolError):
            decode(b"\x1e" + text)


# --- the pipe -------------------------------------------------------------------------------------------------------


class Pipe:
    """A channel that receives, and the raw other end that feeds it."""

    def __init__(self) -> None:
        here, there = os.pipe()
        self.fed = os.fdopen(there, "wb", buffering=0)
        self.incoming = os.fdopen(here, "rb")
        self.channel = Channel(self.incoming, self.fed)

    def close(self) -> None:
        self.fed.close()
        self.incoming.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_messages_arrive_in_order(pipe: Pipe) -> None:
    sent = [Visit("a/b"), CloseCase("a/b"), ReadNoise(0.5)]
    for message in sent:
        pipe.channel.send(message)
    assert [pipe.channel.receive() for _ in sent] == sent


def test_what_a_library_prints_between_messages_is_passed_over(pipe: Pipe) -> None:
    pipe.fed.write(b"a banner\nof two lines\n" + encode(Visit("a/b")) + b"a warning\n" + encode(Visit("c/d")))
    assert [pipe.channel.receive(), pipe.channel.receive()] == [Visit("a/b"), Visit("c/d")]


def test_a_banner_without_its_newline_does_not_swallow_the_message_behind_it(pipe: Pipe) -> None:
    pipe.fed.write(b"loading ... " + encode(Visit("a/b")))
    assert pipe.channel.receive() == Visit("a/b")


def test_a_message_that_comes_in_pieces_is_whole_when_it_is_received(pipe: Pipe) -> None:
    message = Refused("a/b", "failed", "ü" * 50)
    received: list[Message | None] = []
    reader = threading.Thread(target=lambda: received.append(pipe.channel.receive()))
    reader.start()
    for byte in encode(message):
        pipe.fed.write(bytes([byte]))
    reader.join(timeout=30)
    assert received == [message]


def test_a_message_longer_than_the_pipe_is_whole_when_it_is_received(pipe: Pipe) -> None:
    message = Imported({"file.py": "x" * 300_000})  # a pipe holds 64 KiB
    writer = threading.Thread(target=pipe.channel.send, args=(message,))
    writer.start()
    assert pipe.channel.receive() == message
    writer.join(timeout=30)


def test_a_message_is_flushed_as_it_is_sent() -> None:
    here, there = os.pipe()
    with os.fdopen(here, "rb") as incoming, os.fdopen(there, "wb") as buffered:
        Channel(incoming, buffered).send(Visit("a/b"))
        os.set_blocking(here, False)
        assert os.read(here, 1000) == encode(Visit("a/b"))


def test_nothing_is_received_when_the_other_end_is_gone(pipe: Pipe) -> None:
    pipe.fed.write(b"last words\n")
    pipe.fed.close()
    assert pipe.channel.receive() is None


def test_an_end_that_went_in_the_middle_of_a_message_is_gone(pipe: Pipe) -> None:
    pipe.fed.write(encode(Visit("a/b"))[:-5])
    pipe.fed.close()
    assert pipe.channel.receive() is None


def test_sending_to_an_end_that_is_gone_is_a_broken_pipe(pipe: Pipe) -> None:
    pipe.incoming.close()
    with pytest.raises(BrokenPipeError):
        pipe.channel.send(Visit("a/b"))
