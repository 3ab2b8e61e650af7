"""The contract of a sink, as checks that a sink plugin runs against itself in one test.

async def test_it_keeps_the_contract(tmp_path: Path) -> None:
    await check_sink(SinkCase(sink=…, folder=tmp_path, held=…))
"""

import asyncio
import gc
import os
import sys
from base64 import b64encode
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from itertools import product
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import msgspec

from satark.api.routing import Destination
from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done, ReadingSink, Retry, Sink
from satark.plugins.handed_over import problems_of
from satark.store.sealed_files import StoredForm
from satark_testing.contracts.rules import RULES, BrokenRule, absent, raised, require
from satark_testing.contracts.sample_tips import WORDS, SampleTips, file_in_state, sample_delivery
from satark_testing.contracts.watching import Watch

__all__ = ["RULES", "WORDS", "BrokenRule", "Crashes", "SampleTips", "SinkCase", "check_sink", "sample_delivery"]


_DEADLINE_SECONDS: Final = 30
_MOST_CRASHES: Final = 60
_INTERRUPTIONS: Final = 16
_CANCELLATIONS: Final = 4
"""Maximum number of event loop turns after which a delivery is cancelled."""


class SinkCase(msgspec.Struct, frozen=True, kw_only=True):
    """A sink, and what its checks need."""

    sink: Sink
    folder: Path
    """An empty folder for the files of the deliveries."""
    held: Callable[[], Mapping[str, object]]
    """Returns everything that the destination has received completely, by name."""
    name: str = "main"
    """The destination's name, without the name of the sink."""
    unpack: Callable[[object], Mapping[str, bytes]] | None = None
    """Takes what `held` has of one tip apart: `envelope`, `document`, `message 1`, `record 1`, `file 1`. Of a sink that
    does not read tips, it is required where `held` does not show the parts' bytes."""
    recipient: str = ""
    """The destination's age recipient, if the sink reads tips; see `satark.api.sealing.new_identity`."""
    unreachable: Callable[[], AbstractContextManager[object]] | None = None
    """Makes the destination unreachable while the context is open."""

    @property
    def reads(self) -> bool:
        """Whether the sink opens tips."""
        return isinstance(self.sink, ReadingSink) and self.sink.reads(self.name)


async def check_sink(case: SinkCase) -> None:
    """Run every rule of sinks, from `open` to `close`.

    Raises:
        BrokenRule: the sink breaks one; the message names it, what was tried and what was expected.
    """
    for problem in problems_of("satark_sinks", case.sink):
        raise BrokenRule("S01", type(case.sink).__name__, problem)
    gc.collect()
    watch = Watch()
    with watch.running("S13"), _one_thread():
        await _close(case, "close before open")
        await case.sink.open()
        try:
            checks = _Checks(case, watch)
            await checks.deliveries()
            await checks.odd_deliveries()
            await checks.crashes()
            await checks.cancellations()
            await checks.unreachable()
            await checks.interruptions()
        finally:
            await _close(case, "close after deliveries")
        await _close(case, "close again")
        gc.collect()
    watch.check((WORDS,), "S12", "S13")
    require(not watch.opened, "S13", "deliveries", "; ".join(watch.opened[:3]))
    require(not watch.left_open, "S15", "close after deliveries", "; ".join(watch.left_open[:1]))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run all work of the event loop's thread pool in one thread, so that the last task runs after all others."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as pool:
        loop.set_default_executor(pool)
        try:
            yield
        finally:
            loop.set_default_executor(ThreadPoolExecutor())


async def _close(case: SinkCase, subject: str) -> None:
    try:
        await case.sink.close()
    except Exception as error:
        raise BrokenRule("S15", subject, raised(error)) from error


class _Checks:
    def __init__(self, case: SinkCase, watch: Watch) -> None:
        self._case, self._watch = case, watch
        destination = Destination.of(case.sink.name, case.name)
        self._tips = SampleTips(destination, case.recipient)
        self._strange = SampleTips(destination)

    async def deliveries(self) -> None:
        """Deliver a tip, the same again, a later revision, and another tip."""
        before = dict(self._case.held())
        await self._done("S02", await self._delivery(), "a tip")
        once = dict(self._case.held())
        require(once != before, "S03", "a tip", "the destination has not changed")
        await self._done("S04", await self._delivery(attempt=2), "the same tip again")
        require(dict(self._case.held()) == once, "S04", "the same tip again", "the destination has changed")
        await self._done("S05", await self._delivery(revision=2), "its second revision")
        later = dict(self._case.held())
        require(later != once, "S05", "its second revision", "the destination has not changed")
        await self._done("S06", await self._delivery(tip="b" * 32), "another tip")
        both = dict(self._case.held())
        kept = all(both.get(name) == content for name, content in later.items())
        require(
            kept and len(both) > len(later), "S06", "another tip", "the first one has changed, or nothing was added"
        )
        if not self._case.reads:
            absent(_text(both), (WORDS,), "S17", "the destination after three deliveries")
            for revision, held in ((1, once), (2, later)):
                parts = _parts(await self._delivery(revision=revision))
                self._check_parts(parts, [one for name, one in held.items() if one != before.get(name)])
        await self._check_flushed()

    async def odd_deliveries(self) -> None:
        """Deliver tips without files, with missing files, sealed to another key, and an alarm."""
        whole = await self._delivery(tip="c" * 32)
        bare = msgspec.structs.replace(whole, files=(), messages=())
        await self._result("S07", bare, "a tip without files and messages")
        states = (file_in_state("due"), file_in_state("lost"))
        absent_files = msgspec.structs.replace(await self._delivery(tip="1c" * 16), files=states)
        await self._missing(absent_files, "files that are not here")
        erased = await self._delivery(tip="d" * 32)
        for file in erased.files:
            if isinstance(file.clean, StoredForm):
                await asyncio.to_thread(file.clean.remove)
        await self._missing(erased, "files that were erased meanwhile")
        before = dict(self._case.held())
        done = await self._result("S09", self._tips.alarm(), "an alarm") == Done()
        require(not done or dict(self._case.held()) != before, "S09", "an alarm", "Done, but it is nowhere")
        if self._case.reads:
            folder = self._case.folder / "strange"
            strange = await asyncio.to_thread(self._strange.delivery, folder, tip="e" * 32)
            result = await self._result("S16", strange, "a tip sealed to another key")
            require(isinstance(result, DeadLetter | Retry), "S16", "a tip sealed to another key", type(result).__name__)

    async def crashes(self) -> None:
        """Fail each operation in turn. Afterwards the same delivery must give the complete tip."""
        grown = await self._growth("f" * 32)
        for turn in range(_MOST_CRASHES):
            crashes, tip = Crashes(), f"{turn:02x}dd" * 8
            delivery = await self._delivery(tip=tip)
            before = len(self._case.held())
            with crashes.failing(turn):
                claims = await self._tolerant(delivery)
                await _idle()
            await self._repeated("S11", delivery, before + grown, f"operation {turn + 1} of a delivery fails", claims)
            if not crashes.failed:
                return

    async def interruptions(self) -> None:
        """Make the destination unreachable in the middle of a delivery, ever later: to its end, and for a moment."""
        if self._case.unreachable is None:
            return
        grown = await self._growth("beef" * 8)
        whole = await _turns_of(self._case.sink.deliver(await self._delivery(tip="feed" * 8)))
        for number, (part, briefly) in enumerate(product(range(_INTERRUPTIONS), (False, True))):
            turns, moment = whole * part // _INTERRUPTIONS, whole // _INTERRUPTIONS
            delivery = await self._delivery(tip=f"{number:02x}ab" * 8)
            before = len(self._case.held())
            task = asyncio.ensure_future(self._tolerant(delivery))
            await _pass(turns)
            with self._case.unreachable():
                await (_pass(moment) if briefly else asyncio.wait({task}, timeout=_DEADLINE_SECONDS))
            await _idle()
            subject = f"a destination that goes away {turns} turns of the event loop after a delivery began"
            await self._repeated("S22", delivery, before + grown, subject, await task)

    async def _repeated(self, rule: str, delivery: Delivery, count: int, subject: str, claims: bool) -> None:  # noqa: FBT001
        """Check what the destination holds after a delivery that failed, and after its repetition."""
        failed = dict(self._case.held())
        require(not claims or len(failed) == count, rule, subject, "Done, but not the whole tip")
        await self._done(rule, msgspec.structs.replace(delivery, attempt=2), f"{subject}, then it is repeated")
        whole = self._case.held()
        require(len(whole) == count, rule, subject, "half a tip, or more than one")
        halves = [name for name, content in failed.items() if whole.get(name) != content]
        require(not halves, rule, subject, "half a tip was to be seen until it was repeated")

    async def _missing(self, delivery: Delivery, subject: str) -> None:
        before = dict(self._case.held())
        result = await self._result("S08", delivery, subject)
        require(not (isinstance(result, Retry) and result.down), "S08", subject, "`down`: it would stop all others")
        require(result != Done() or self._case.held() != before, "S08", subject, "Done, but nothing was added")

    async def cancellations(self) -> None:
        """Cancel a delivery half-way. Afterwards the same delivery must give the complete tip."""
        grown = await self._growth("cafe" * 8)
        for turns in range(_CANCELLATIONS):
            delivery = await self._delivery(tip=f"{turns:02x}cc" * 8)
            before = len(self._case.held())
            task = asyncio.ensure_future(self._case.sink.deliver(delivery))
            await _pass(turns)
            task.cancel()
            await asyncio.wait({task})
            await _idle()
            subject = f"a delivery that is cancelled after {turns} turns of the event loop"
            await self._done("S18", msgspec.structs.replace(delivery, attempt=2), subject)
            require(len(self._case.held()) - before == grown, "S18", subject, "half a tip, or more than one")

    async def unreachable(self) -> None:
        """Deliver while the destination is unreachable."""
        if self._case.unreachable is None:
            return
        delivery = await self._delivery(tip="9a" * 16)
        with self._case.unreachable():
            result = await self._result("S14", delivery, "a destination that is out of reach")
        down = isinstance(result, Retry) and result.down
        require(down, "S14", "a destination that is out of reach", repr(result))
        await self._done("S14", msgspec.structs.replace(delivery, attempt=2), "the destination is back")

    async def _delivery(self, *, revision: int = 1, tip: str = "a" * 32, attempt: int = 1) -> Delivery:
        folder = self._case.folder / "sealed"
        return await asyncio.to_thread(self._tips.delivery, folder, revision=revision, tip=tip, attempt=attempt)

    async def _growth(self, tip: str) -> int:
        """Return how many items one tip adds to the destination."""
        before = len(self._case.held())
        await self._done("S02", await self._delivery(tip=tip), "a tip")
        return len(self._case.held()) - before

    async def _done(self, rule: str, delivery: Delivery, subject: str) -> None:
        result = await self._result(rule, delivery, subject)
        require(result == Done(), rule, subject, repr(result))

    async def _result(self, rule: str, delivery: Delivery, subject: str) -> DeliveryResult:
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                with self._watch.no_files():
                    result = await self._case.sink.deliver(delivery)
        except TimeoutError as error:
            raise BrokenRule("S21", subject, "it still runs") from error
        except Exception as error:
            raise BrokenRule(rule, subject, raised(error)) from error
        require(isinstance(result, Done | Retry | DeadLetter), rule, subject, type(result).__name__)
        self._check_reason(result, subject)
        return result

    def _check_parts(self, parts: Mapping[str, bytes], held: Sequence[object]) -> None:
        """Check that what a sink added to the destination has every part of a tip, each under its own name."""
        unpack, everything = (
            self._case.unpack,
            b"".join(one if isinstance(one, bytes) else str(one).encode() for one in held),
        )
        found = {name: part for one in held for name, part in (unpack(one) if unpack else {}).items()}
        for name, part in parts.items():
            shown = part in everything or b64encode(part) in everything
            there = found.get(name) == part if unpack else shown
            require(there, "S19", "a tip", f"no {name}, or another one: where it is encoded, give the case `unpack`")

    async def _check_flushed(self) -> None:
        """Check that a delivery that writes files flushes one at least, before it is done."""
        crashes, delivery = Crashes(), await self._delivery(tip="5f" * 16)
        with crashes.failing(-1):
            await self._done("S20", delivery, "a tip")
        require(crashes.flushed or not crashes.written, "S20", "a tip", "no file was flushed")

    async def _tolerant(self, delivery: Delivery) -> bool:
        """Deliver, and return whether the sink reports success. An exception counts as `Retry`."""
        try:
            result = await self._case.sink.deliver(delivery)
        except Exception:  # noqa: BLE001 - the host would retry
            return False
        self._check_reason(result, "a delivery that fails")
        return result == Done()

    def _check_reason(self, result: DeliveryResult, subject: str) -> None:
        if not isinstance(result, Done):
            absent(result.reason, (WORDS, str(self._case.folder), "a crash in a test"), "S10", subject)


def _parts(delivery: Delivery) -> dict[str, bytes]:
    parts = {"envelope": delivery.envelope, "document": delivery.document}
    parts |= {f"message {one.seq}": one.sealed for one in delivery.messages}
    parts |= {f"record {file.ordinal}": file.record for file in delivery.files if file.record}
    return parts | {f"file {file.ordinal}": file.clean.read_bytes() for file in delivery.files if file.clean}


async def _turns_of(delivering: Coroutine[Any, Any, object]) -> int:
    """Return how many turns of the event loop a delivery takes."""
    task, turns = asyncio.ensure_future(delivering), 0
    while not task.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def _pass(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def _idle() -> None:
    """Wait until the single thread of the pool has finished its tasks."""
    await asyncio.to_thread(int)


def _text(held: Mapping[str, object]) -> str:
    return "".join(
        f"{name}{content.decode(errors='replace') if isinstance(content, bytes) else content}"
        for name, content in held.items()
    )


_OPERATIONS: Final = frozenset({"open", "os.rename", "os.link", "os.mkdir", "os.remove", "socket.connect"})
_CODE: Final = (".py", ".pyc", ".so")


class Crashes:
    """Counts operations, and fails the chosen one."""

    def __init__(self) -> None:
        self.count = 0
        """Number of operations since `failing` was entered."""
        self.written = self.flushed = False
        """Whether a file was opened to be written, and whether one was flushed."""
        self._turn = -1
        self._running = False
        self._fsync = os.fsync

    @contextmanager
    def failing(self, turn: int) -> Iterator[None]:
        """Fail the operation with this number (0 is the first), in any thread, while the block runs."""
        self._turn, self.count, self._running = turn, 0, True
        _current.append(self)
        try:
            with patch("os.fsync", self._flush), patch("os.fdatasync", self._flush):
                yield
        finally:
            _current.remove(self)
            self._running = False

    @property
    def failed(self) -> bool:
        """Whether there was an operation with that number."""
        return self.count > self._turn

    def operation(self) -> None:
        """Count one operation.

        Raises:
            OSError: the operation is the one that must fail.
        """
        turn, self.count = self.count, self.count + 1
        if turn == self._turn:
            raise OSError(5, "a crash in a test")

    def _flush(self, descriptor: int) -> None:
        self.flushed = True
        self.operation()
        self._fsync(descriptor)


_current: list[Crashes] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _current and event in _OPERATIONS and not str(arguments[0]).endswith(_CODE):
        _current[-1].written |= event == "open" and bool(int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR))
        _current[-1].operation()


sys.addaudithook(_hear)  # it can't be removed again: it does nothing outside `failing`
