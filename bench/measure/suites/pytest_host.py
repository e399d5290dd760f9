"""The host of a repository's tests: one session of its own pytest, in which the worker serves.

A plugin takes over the loop of tests. For each case that is opened it runs the whole protocol of one test: set-up,
call, teardown. Where the test calls the fixture, the requests about the case are answered inside that call, until it
is closed; then the test goes on, with its own asserts. So fixtures of all scopes, monkeypatches and contexts around the
call are as in any run. Only one case can be open at a time.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import tempfile
import traceback
from collections.abc import Generator
from time import perf_counter
from typing import Any, NoReturn

import pytest

from bench.measure.author.context import Skip
from bench.measure.author.given import Given
from bench.measure.author.seeding import seed_everything
from bench.measure.author.side_code import strangers
from bench.measure.channel import Channel
from bench.measure.dispatcher import Dispatcher
from bench.measure.settings.case_settings import CallSettings, FileSettings
from bench.measure.suites import quiet_options
from bench.measure.suites.benchmark_fixture import Called, Rows, UnknownFixtureError, is_async, take_over, untraced
from bench.measure.suites.item_ending import TWICE, Ending, Phase, ending_of
from bench.measure.suites.pytest_items import IS_ASYNC, sorted_out
from bench.measure.suites.stepping_aside import step_aside
from bench.measure.suites.unserved import refuse_all
from bench.protocol import (
    BlockTimed,
    Closed,
    Collect,
    Collected,
    Import,
    Imported,
    Message,
    Open,
    Opened,
    Refused,
    Reply,
    Visited,
)
from bench.records import Case, Outcome
from bench.series import STEP, WALL, Series
from bench.suites import OtherTest, Suite

NEVER = "it does not call the benchmark fixture"
ONCE = "a test is set up once, and what it takes cannot be told from what its set-up left"
NO_MORE = "its function cannot be called again, and its test calls it only once"
NOT_SO_OFTEN = "it passes as pytest-benchmark runs it, but not with the calls that timing it here takes"
OLDEST_PYTEST = 7
OF_THE_RUN = ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_CURRENT_TEST")
"""Variables of a pytest that this process may have been started by."""


def serve(suite: Suite, channel: Channel, dispatcher: Dispatcher, first: Collect | Import) -> None:
    """Run the session; it ends in order when the parent closes the pipe."""
    host = Host(channel, dispatcher, first)
    for name in OF_THE_RUN:
        os.environ.pop(name, None)
    os.chdir(suite.folder)
    step_aside()
    with tempfile.TemporaryDirectory(prefix="coursebench-") as cache, contextlib.redirect_stderr(io.StringIO()) as said:
        words = ["-p", "no:coursebench", "-o", f"cache_dir={cache}", *shlex.split(suite.words)]
        code = pytest.main(words, plugins=[host])
    if not host.served:
        refuse_all(channel, first, said.getvalue().strip() or f"pytest ended with {code} before it ran a test")


class Host:
    """A plugin of pytest that answers the requests of the parent."""

    def __init__(self, channel: Channel, dispatcher: Dispatcher, first: Collect | Import) -> None:
        self.served = False
        self.takes_over = True
        self._channel, self._dispatcher, self._first = channel, dispatcher, first
        self._began = perf_counter()
        self._items: dict[str, pytest.Item] = {}
        self._skipped: list[OtherTest] = []
        self._faults: dict[str, str] = {}
        self._opening: Open | None = None
        """The request that a test was started for, until it calls the fixture."""
        self._reply: Closed | Refused | None = None
        """The answer to the last request about the open case, which waits for the end of its test."""
        self._phases: list[Phase] = []
        self._error: Exception | None = None
        self._call: CallSettings | None = None
        self._files = FileSettings()
        dispatcher.refused = self._refused

    # --- before the first test --------------------------------------------------------------------------------------

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config, args: list[str]) -> Generator[None, Any, None]:
        """Overrule options of the project that do not fit."""
        quiet_options.overrule(early_config, args)
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Take over the fixture; where cases are known, collect their files alone."""
        if int(pytest.__version__.partition(".")[0]) < OLDEST_PYTEST:
            raise pytest.UsageError(f"pytest {pytest.__version__} is too old: {OLDEST_PYTEST} or newer is needed")
        quiet_options.switch_off(config)
        try:
            take_over(self)
        except UnknownFixtureError as error:
            raise pytest.UsageError(str(error)) from None
        if isinstance(self._first, Import):
            config.args[:] = sorted({source.path for source in self._first.sources})

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self) -> bool:
        """Set none: a test takes as long as both sides are timed, and the parent has a limit of its own."""
        return True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, None]:
        """Note what a file of tests sets when it is imported: that holds for its own tests alone."""
        if isinstance(collector, pytest.Module):
            with self._files.importing(str(collector.path)):
                yield
        else:
            yield

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be collected."""
        if report.failed:
            self._faults[report.nodeid] = report.longreprtext.strip()
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._skipped.append(OtherTest(report.nodeid, reason))

    # --- the loop ---------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer requests in place of the loop, until the parent is gone."""
        self.served = True
        self._session = session
        self._import_s = perf_counter() - self._began
        self._items = {item.nodeid: item for item in session.items}
        request: Message | None = self._first
        while request is not None:
            self._channel.send(self._answer(request))
            request = self._channel.receive()
        return True

    def _answer(self, request: Any) -> Reply:
        match request:
            case Collect():
                tests, others, unused = sorted_out(self._session.items)
                return Collected(tests, [*self._skipped, *others], unused, self._faults, strangers=strangers())
            case Import():
                return Imported({}, self._import_s, strangers())
            case Open(key, source):
                if (item := self._items.get(source.function)) is None:
                    why = next(iter(self._faults.values()), "")
                    return Refused(key, Outcome.FAILED.value, f"pytest does not find {source.function} here", why)
                return self._run(item, request)
        return self._dispatcher.answer(request)

    def _run(self, item: pytest.Item, request: Open) -> Reply:
        """Run a test, and answer the last request about its case once it is torn down."""
        self._opening, self._reply = request, None
        self._leave_for(item)
        ending = self._ending(item, request)
        was_called, self._opening = self._opening is None, None
        if ending is not None and ending.outcome in (Outcome.WRONG, Outcome.FAILED) and was_called:
            self.takes_over = False
            if self._ending(item, request) is None:
                ending = Ending(Outcome.SKIPPED, f"{NOT_SO_OFTEN}: {ending.reason}", ending.detail)
            self.takes_over = True
        return self._ended(request.key, ending)

    def _ending(self, item: pytest.Item, request: Open) -> Ending | None:
        """Run the whole protocol of a test. None where it passes."""
        self._phases = []
        seed_everything(request.settings.seed, Case.from_key(request.key).workload)
        with self._files.under(str(item.path)) as changed:
            # A collector in place of the next test: what it holds stays set up, and the test itself is torn down.
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=item.parent)
            if self._call is not None:
                changed |= self._call.put_back()
                self._call = None
        if self._reply is not None and changed:
            self._reply.facts["changed_settings"] = changed | self._reply.facts.get("changed_settings", {})
        return ending_of(self._phases, self._session.config.rootpath)

    def _leave_for(self, item: pytest.Item) -> None:
        """Tear down what the test before used and this one does not. Its own answer was sent long ago."""
        try:
            self._session._setupstate.teardown_exact(item)
        except Exception:  # a fixture of the repository may raise anything; the worker's log keeps it
            traceback.print_exc()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        """Note how each phase of a test ended."""
        outcome = yield
        self._phases.append(Phase(outcome.get_result(), None if call.excinfo is None else call.excinfo.value))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> Generator[None, Any, None]:
        """Note what the test itself sets for its whole process; what its fixtures set is theirs to tear down."""
        self._call = CallSettings()
        yield
        self._call.look()

    def _ended(self, key: str, ending: Ending | None) -> Reply:
        reply = self._reply
        facts = {} if reply is None else reply.facts
        if ending is not None:
            return Refused(key, ending.outcome.value, ending.reason, ending.detail, facts)
        if reply is None:
            return Refused(key, Outcome.SKIPPED.value, NEVER)
        if isinstance(reply, Refused):  # by an error that the test expected
            return Refused(key, Outcome.SKIPPED.value, f"its function raises, as its test expects: {reply.reason}")
        return reply

    # --- inside the call of the fixture -----------------------------------------------------------------------------

    def timed(self, fixture: Any, called: Called) -> Any:
        """Answer the requests about the open case, until it is closed; return the output of its last call."""
        request, self._opening = self._opening, None
        if request is None:
            self.skip(TWICE)  # by a plugin that runs a test again
        if is_async(called.function):
            self.skip(IS_ASYNC)
        outputs: list[Any] = [None]

        def keep(output: Any) -> None:
            outputs[0] = output

        given = Given(called.prepared, ONCE, keep)
        self._dispatcher.given = lambda _: given
        with untraced():
            self._reply = reply = self._conversed(request, fixture)
        if isinstance(reply, Refused):
            self._end_test(reply, called)
        return outputs[0]

    def skip(self, reason: str) -> NoReturn:
        """End the test as skipped."""
        raise pytest.skip.Exception(reason)

    def _conversed(self, request: Open, fixture: Any) -> Closed | Refused:
        """Open the case, and answer until it ends: the answer to the last request, which is not sent yet."""
        reply = self._dispatcher.answer(request)
        while not isinstance(reply, Closed | Refused):
            match reply:
                case Opened():
                    rows = Rows(fixture, reply.steps[Series(STEP, WALL)])
                case BlockTimed():
                    rows.add(reply.total_ns)
                case Visited():
                    for block in reply.blocks:
                        rows.add(block.total_ns)
            self._channel.send(reply)
            message: Any = self._channel.receive()
            if message is None:
                raise pytest.exit.Exception("the parent has ended the session")
            reply = self._dispatcher.answer(message)
        return reply

    def _refused(self, error: Exception) -> None:
        self._error = error

    def _end_test(self, reply: Refused, called: Called) -> NoReturn:
        """Let the test end by the error that ended its case. Raises that."""
        error, self._error = self._error, None
        if isinstance(error, Skip):
            self.skip(str(error))
        if called.once and "first_call_ns" in reply.facts:
            self.skip(f"{NO_MORE}: {reply.reason}")
        assert error is not None
        raise error
