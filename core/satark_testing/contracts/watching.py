"""Watches a plugin during the checks: its output, logs and warnings, and calls that block the event loop."""

import asyncio
import io
import logging
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import BuiltinFunctionType, FrameType
from typing import Any, Final

import structlog

from satark_testing.contracts.rules import BrokenRule, absent, require

_SOCKET_CALLS: Final = frozenset(
    {"accept", "connect", "connect_ex", "recv", "recv_into", "recvfrom", "send", "sendall", "sendto"}
)
_SLOW: Final = frozenset({"fork_exec", "fsync", "fdatasync", "getaddrinfo", "gethostbyname", "system", "waitpid"})
_COMPARING: Final = ("compare_digest", "verify")
"""How the names of functions end that compare a secret or verify a signature."""
_STANDSTILL_SECONDS: Final = 30
"""Seconds after which a method that neither returns nor waits in the event loop counts as standing still."""
_KIT: Final = "/satark_testing/"
_IGNORED: Final = ("/_pytest/", "/importlib/", "<frozen", _KIT, "/asyncio/", "/linecache.py")


class _StandstillError(BaseException):
    """A method stands still. No `except Exception` of a plugin catches it."""


class Watch:
    """What the watch has seen since it began."""

    def __init__(self) -> None:
        self.blocked: list[str] = []
        """Each blocking call in the event loop, with the line that made it."""
        self.opened: list[str] = []
        """Each line that opened a file while `no_files` was active."""
        self.compares = False
        """Whether anything was compared in a time that tells nothing of it, or a library verified a signature."""
        self._output = io.StringIO()
        self._logged: list[Any] = []
        self._warnings: list[warnings.WarningMessage] = []
        self._files_forbidden = False

    @contextmanager
    def running(self, for_blocking: str) -> Iterator[None]:
        """Watch this thread during the block.

        Raises:
            BrokenRule: a method, such as one that waits for a lock, kept this thread for half a minute. The argument
                names the rule.
        """
        with ExitStack() as stack:
            stack.enter_context(_broken_off(for_blocking))
            stack.enter_context(redirect_stdout(self._output))
            stack.enter_context(redirect_stderr(self._output))
            stack.enter_context(_logging_into(self._output))
            self._logged = stack.enter_context(structlog.testing.capture_logs())
            self._warnings = stack.enter_context(warnings.catch_warnings(record=True))
            warnings.simplefilter("always")
            stack.enter_context(_profiled(self._called, self._called_in_thread))
            yield

    @contextmanager
    def no_files(self) -> Iterator[None]:
        """Record every file that is opened in this block."""
        self._files_forbidden = True
        try:
            yield
        finally:
            self._files_forbidden = False

    def check_output(self, secrets: Sequence[str], rule: str) -> None:
        """Check that the plugin printed, logged and warned of no secret.

        Raises:
            BrokenRule: it did. The argument names the rule.
        """
        absent(self._output.getvalue(), secrets, rule, "all that was printed and logged")
        absent(repr(self._logged), secrets, rule, "all that was logged by structlog")
        absent(" ".join(str(warning.message) for warning in self._warnings), secrets, rule, "all warnings")

    def check_blocking(self, rule: str) -> None:
        """Check that the plugin blocked no event loop.

        Raises:
            BrokenRule: it did. The argument names the rule.
        """
        require(not self.blocked, rule, "all methods, in the event loop", "; ".join(sorted(set(self.blocked))[:3]))

    @property
    def left_open(self) -> list[str]:
        """Warnings about clients that were dropped without being closed."""
        found = (str(one.message) for one in self._warnings if issubclass(one.category, ResourceWarning))
        return [text for text in found if text.lower().startswith("unclosed")]

    def _called_in_thread(self, _frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__.endswith(_COMPARING):
            self.compares = True

    def _called(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or not isinstance(called, BuiltinFunctionType):
            return
        self._called_in_thread(frame, event, called)
        if called.__module__ == "syslog":
            self._logged.append(called.__name__)
            self.blocked.append(f"{called.__name__}, which tells the system's log, called in {_place(frame)}")
        elif _blocks(called):
            self.blocked.append(f"{called.__name__} called in {_place(frame)}")
        elif self._files_forbidden and called.__name__ in {"open", "open_code"}:
            place = _place(frame)
            if place:
                self.opened.append(place)


def not_in_the_event_loop(rule: str, called: str) -> None:
    """Check that a method of a context that blocks is called in a thread.

    Raises:
        BrokenRule: it is called in the event loop.
    """
    with suppress(RuntimeError):
        asyncio.get_running_loop()
        raise BrokenRule(rule, "a method of the context", f"`{called}` is called in the event loop")


def _blocks(called: BuiltinFunctionType) -> bool:
    if called.__name__ in _SOCKET_CALLS:
        owner = called.__self__
        return isinstance(owner, socket.socket) and owner.gettimeout() != 0.0
    return called is time.sleep or called.__name__ in _SLOW


def _place(frame: FrameType | None) -> str:
    """Name the nearest line outside the import system and the test runner; empty if there is none."""
    first = frame
    while frame is not None:
        name = frame.f_code.co_filename
        if any(part in name for part in _IGNORED):
            return "" if "importlib" in name or name.startswith("<frozen") else _named(first)
        if "site-packages" not in name and "/lib/python" not in name:
            return f"{Path(name).name}, line {frame.f_lineno}"
        frame = frame.f_back
    return _named(first)


def _named(frame: FrameType | None) -> str:
    return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno}" if frame else "an unknown place"


@contextmanager
def _broken_off(rule: str) -> Iterator[None]:
    """Break off a method that stands still: one call of the kit is under way at two alarms in a row."""
    last: list[FrameType | None] = [None]

    def look(_signal: int, frame: FrameType | None) -> None:
        while frame is not None and frame.f_code.co_filename == __file__:  # the watch itself looks at each call
            frame = frame.f_back
        called = _called_by_the_kit(frame)
        if called is not None and called is last[0]:
            raise _StandstillError(f"{called.f_code.co_name} stands still in {_place(frame)}")
        last[0] = called

    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread alone
        yield
        return
    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _STANDSTILL_SECONDS, _STANDSTILL_SECONDS)
    try:
        yield
    except _StandstillError as error:
        raise BrokenRule(rule, "all methods", str(error)) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _called_by_the_kit(frame: FrameType | None) -> FrameType | None:
    """Return the frame of the plugin's method that the kit has called; None: no method of a plugin runs."""
    called = None
    while frame is not None and _KIT not in frame.f_code.co_filename:
        called, frame = frame, frame.f_back
    return called if frame is not None else None


@contextmanager
def _profiled(profile: Any, in_threads: Any) -> Iterator[None]:
    before, before_in_threads = sys.getprofile(), threading.getprofile()
    sys.setprofile(profile)
    threading.setprofile(in_threads)
    try:
        yield
    finally:
        sys.setprofile(before)
        threading.setprofile(before_in_threads)


@contextmanager
def _logging_into(output: io.StringIO) -> Iterator[None]:
    root, handler = logging.getLogger(), logging.StreamHandler(output)
    level, disabled = root.level, logging.root.manager.disable
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.disable(logging.NOTSET)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        logging.disable(disabled)
