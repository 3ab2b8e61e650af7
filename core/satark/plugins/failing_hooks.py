"""Isolation of optional hooks: the call returns in time and the tip is processed, whatever an implementation does.

An implementation that raises, takes too long or returns the wrong type is skipped for that call, and the failure is
reported with the names of plugin and hook. Python can't stop a thread that hangs. So each implementation of a foreign
plugin runs in its own thread, and the caller stops waiting for it when the time is over. Until that thread has
returned, the implementation is not called again.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from satark.api.observability import describe_error, log

T = TypeVar("T")
_Outcome: TypeAlias = tuple[Any, BaseException | None]

_PAUSE: Final = 10
"""After a call that took too long, the implementation is not called for this many times its budget. So it costs at most
a tenth of the time."""


class HookFailure(msgspec.Struct, frozen=True):
    """A skipped call of an optional hook. It contains nothing from a tip."""

    plugin: str
    hook: str
    error: str
    raised: str
    """The line of code that raised it."""

    def __str__(self) -> str:
        return f"plugin {self.plugin} failed in {self.hook} ({self.error} at {self.raised})"


Report: TypeAlias = Callable[[HookFailure], None]


class Skipped(Exception):  # noqa: N818 - it reads as what it says
    """The implementation failed and the failure was reported. The call continues without it.

    `still_runs`: whether the implementation still runs and may still use its arguments.
    """

    def __init__(self, *, still_runs: bool) -> None:
        super().__init__()
        self.still_runs = still_runs


class TooSlow(Exception):  # noqa: N818 - likewise
    """The implementation took longer than its budget."""


class Resting(Exception):  # noqa: N818 - likewise
    """The implementation recently took too long and is not called for now."""


class Isolation:
    """The shared state of a process's optional hooks: the time limit of a call, and the report of failures."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.report: Report = lambda failure: log.error("plugin failed", **msgspec.structs.asdict(failure))
        self.failures: Counter[str] = Counter()
        """Hook → number of its failed calls."""

    def failed(self, plugin: str, hook: str, error: BaseException) -> None:
        """Count a failure and report it."""
        self.failures[hook] += 1
        found = describe_error(error)
        self.report(HookFailure(plugin, hook, found["error"], found["raised"].partition(" < ")[0]))


class IsolatedCalls:
    """Calls one plugin's implementation of one optional hook."""

    def __init__(self, plugin: str, hook: str, isolation: Isolation, *, at_once: bool) -> None:
        """Prepare the calls. `at_once`: whether to call without a thread and so without a time limit."""
        self._plugin, self._hook, self._isolation = plugin, hook, isolation
        self._thread = None if at_once else CallThread(f"{plugin} {hook}")

    def run(self, work: Callable[[], T]) -> T:
        """Return the result of `work`.

        Raises:
            Skipped: `work` raised or took too long.
        """
        try:
            return work() if self._thread is None else self._thread.run(work, self._isolation.seconds)
        except Exception as error:  # noqa: BLE001 - no failure of a plugin goes further
            self._isolation.failed(self._plugin, self._hook, error)
            raise Skipped(still_runs=isinstance(error, TooSlow)) from None


class CallThread:
    """A thread that runs one call after another, for callers that wait for a limited time."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._calls: SimpleQueue[tuple[Future[_Outcome], Callable[[], object]]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._late: Future[_Outcome] | None = None
        """The last call that took too long."""
        self._rests_until = 0.0

    def run(self, work: Callable[[], T], seconds: float) -> T:
        """Return the result of `work`, or raise its exception.

        Raises:
            TooSlow: `work` took longer than `seconds` and still runs.
            Resting: an earlier call took too long.
        """
        if self._late is not None and not (self._late.done() and self._clock() >= self._rests_until):
            raise Resting
        outcome: Future[_Outcome] = Future()
        self._start()
        self._calls.put((outcome, work))
        try:
            value, error = outcome.result(seconds)
        except TimeoutError:
            if outcome.cancel():  # the call of another caller was before it
                raise Resting from None
            self._late, self._rests_until = outcome, self._clock() + seconds * _PAUSE
            raise TooSlow from None
        if error is not None:
            # SystemExit, say, would end the caller's thread.
            raise error if isinstance(error, Exception) else RuntimeError(type(error).__name__)
        result: T = value
        return result

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"satark {self._name}", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            outcome, work = self._calls.get()
            if not outcome.set_running_or_notify_cancel():
                continue
            try:
                found: _Outcome = work(), None
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                found = None, error
            outcome.set_result(found)
            del outcome, work, found  # what they hold of a tip must not wait here for the next one
