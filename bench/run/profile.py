"""A profile: one fresh worker takes one case apart. Whatever ends it in the middle becomes the outcome it means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.protocol import Hello, Profile, Profiled, Refused, Stage
from bench.records import Outcome, Planned, Settings
from bench.run.runner import threads_of
from bench.run.schedule import is_compiled
from bench.run.stop import Stop
from bench.run.worker import Worker, WorkerDiedError, WorkerSilentError

RUNG = "torch.profiler"
"""How a profile was had. Profiles of different rungs see different things and are never compared."""


def take(
    planned: Planned,
    settings: Settings,
    hello: Hello,
    stop: Stop,
    trace: Path,
    cache: Path,
    steps: int | None,
    heard: Callable[[Stage], None],
) -> Profiled | Refused:
    """Take the case apart in a process of its own, which is gone afterwards, as is all that it started.

    trace: the file to write; cache: the folder that a compiled case compiles into, not there yet, so that it is cold
    and compiling is told as well; steps: how many, as many as keep the trace small without. Raises `Stopped`,
    `MachineUnfitError`.
    """
    case = planned.case
    compiled = is_compiled(planned)
    request = Profile(
        case.key,
        planned.source,
        settings,
        cache="cold" if compiled else "",
        count=False,
        profiled_steps=steps,
        trace=str(trace),
    )
    worker = Worker(threads_of(case["threads"], hello), stop, cache if compiled else None)
    try:
        reply = worker.ask(request, settings.timeout_s, heard)
    except WorkerDiedError as death:
        return Refused(case.key, Outcome.CRASHED.value, str(death), death.log)
    except WorkerSilentError as silence:
        return Refused(case.key, Outcome.TIMEOUT.value, str(silence))
    finally:
        worker.end()
    if not isinstance(reply, Profiled | Refused):
        raise TypeError(f"a profile is answered by itself or a refusal, not by {type(reply).__name__}")
    return reply
