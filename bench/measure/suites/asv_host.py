"""The host of an asv suite: benchmarks are opened like workloads, several at a time."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from time import perf_counter

from bench.measure.author.given import Given
from bench.measure.author.side_code import strangers
from bench.measure.channel import Channel
from bench.measure.dispatcher import Dispatcher
from bench.measure.suites.asv_benchmarks import discovered, folder_of
from bench.measure.suites.stepping_aside import step_aside
from bench.measure.suites.unserved import refuse_all
from bench.protocol import Collect, Collected, Import, Imported, Message, Open, Refused, Reply, Request
from bench.protocol.wire import ProtocolError
from bench.records import Outcome
from bench.suites import Suite


def serve(suite: Suite, channel: Channel, dispatcher: Dispatcher, first: Collect | Import) -> None:
    """Import the suite, and answer until the parent is gone."""
    os.chdir(suite.folder)
    step_aside()
    words = shlex.split(suite.words)
    folder = folder_of(Path(suite.folder), words)
    if not folder.is_dir():
        refuse_all(channel, first, f"there is no folder {folder.name} with an asv suite: name it after --asv")
        return
    began = perf_counter()
    found = discovered(folder, words[1:])
    import_s = perf_counter() - began
    dispatcher.given = lambda request: Given(lambda: found.prepared(request.source.function))

    def answer(request: Request) -> Reply:
        match request:
            case Collect():
                tests = [each.found() for each in found.benchmarks.values()]
                return Collected(tests, found.others, 0, found.faults, strangers=strangers())
            case Import():
                return Imported({}, import_s, strangers())
            case Open(key, source) if source.function not in found.benchmarks:
                return Refused(key, Outcome.FAILED.value, f"the suite has no {source.function} here")
        return dispatcher.answer(request)

    message: Message | None = first
    while message is not None:
        if not isinstance(message, Request):
            raise ProtocolError(f"a worker takes requests, not {type(message).__name__}")
        channel.send(answer(message))
        message = channel.receive()
