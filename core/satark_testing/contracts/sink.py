"""The contract of a sink, as checks that a sink plugin runs against itself in one test.

async def test_it_keeps_the_contract(tmp_path: Path) -> None:
    await check_sink(SinkCase(sink=…, folder=tmp_path, held=…))
"""

import asyncio
import gc
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Final

import msgspec

from satark.api.routing import Destination
from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done, ReadingSink, Retry, SealedFile
from satark.plugins.returned_objects import problems_of
from satark.store.sealed_files import StoredForm
from satark_testing.contracts.answering import check_listening
from satark_testing.contracts.crashes import Crashes, idle, meeting, pass_turns, threads, turns_of
from satark_testing.contracts.delivering import check_exchanges
from satark_testing.contracts.provider_peer import Fault, PeerServer, Received, Reply
from satark_testing.contracts.rules import RULES, BrokenRule, absent, raised, require
from satark_testing.contracts.sample_context import sample_context, store_of
from satark_testing.contracts.sample_tips import WORDS, SampleTips, sample_delivery
from satark_testing.contracts.sink_case import KINDS, Answer, SinkCase, SinkPeer, Webhook, check_omitted, check_shown
from satark_testing.contracts.watching import Watch

__all__ = ["KINDS", "RULES", "WORDS", "Answer", "BrokenRule", "Crashes", "Received", "Reply", "SampleTips"]
__all__ += ["SinkCase", "SinkPeer", "Webhook", "check_sink", "sample_context", "sample_delivery"]


_DEADLINE_SECONDS: Final = 30
_MOST_CRASHES: Final = 60
_INTERRUPTIONS: Final = 16
_LONGEST_PAUSE_SECONDS: Final = 3_600
_CANCELLATIONS: Final = 4
"""Maximum number of event loop turns after which a delivery is cancelled."""


async def check_sink(case: SinkCase) -> None:
    """Run every rule of sinks, from `open` to `close`.

    Raises:
        BrokenRule: the sink breaks one; the message names it, what was tried and what was expected.
    """
    store = store_of(case.recipient)
    try:
        if store:
            await asyncio.to_thread(lambda: store.services)  # not first when the sink asks for it, in the event loop
        await _check_all(case)
    finally:
        if store:
            await asyncio.to_thread(store.close)


async def _check_all(case: SinkCase) -> None:
    if case.peer is None:
        require(case.sink is not None, "S01", "the case", "neither `sink` nor `peer`")
        await _check(case)
        return
    async with PeerServer(case.peer).serving() as server:

        @contextmanager
        def unreachable() -> Iterator[None]:
            server.answering(Fault.HANG_UP)
            try:
                yield
            finally:
                server.answering(None)

        sink = case.peer.sink(server.url)
        await _check(msgspec.structs.replace(case, sink=sink, unreachable=unreachable), server)
        require(await server.closed(), "S15", "close after deliveries", f"{server.connections} connections are left")


async def _check(case: SinkCase, server: PeerServer | None = None) -> None:
    for problem in problems_of("satark_sinks", case.sink):
        raise BrokenRule("S01", type(case.sink).__name__, problem)
    gc.collect()
    watch = Watch()
    with watch.running("S13"), threads(1):
        checks = _Checks(case, watch)
        await checks.close("close before open")
        await checks.sink.open()
        try:
            await checks.all()
            await check_listening(checks, case, server, checks.destinations)
            if server is not None and case.peer is not None:
                await check_exchanges(checks, case.peer, server)
        finally:
            await checks.close("close after deliveries")
        await checks.close("close again")
        await checks.reopen()
        gc.collect()
    watch.check_output((WORDS, *await checks.names()), "S12")
    watch.check_blocking("S13")
    watch.check_output([*server.credentials] if server else [], "S56")
    require(not watch.opened, "S13", "deliveries", "; ".join(watch.opened[:3]))
    require(not watch.left_open, "S15", "close after deliveries", "; ".join(watch.left_open[:1]))


class _Checks:
    def __init__(self, case: SinkCase, watch: Watch) -> None:
        assert case.sink is not None  # noqa: S101 - `check_sink` made it
        self._case, self._watch, self.sink = case, watch, case.sink
        destination = Destination.of(self.sink.name, case.name)
        self._tips = SampleTips(destination, case.recipient, case.cuts)
        self._strange = SampleTips(destination)
        self._second = SampleTips(Destination.of(self.sink.name, case.second), case.recipient, case.cuts)
        self._reads = isinstance(self.sink, ReadingSink) and self.sink.reads(case.name)
        self._unreachable: Callable[[], AbstractContextManager[object]] | None = case.unreachable

    @property
    def destinations(self) -> list[SampleTips]:
        """The sample tips of each of the case's destinations."""
        return [self._tips, *([self._second] if self._case.second else [])]

    def plain(self, delivery: Delivery) -> Mapping[str, bytes]:
        return self._tips.plain(delivery)

    @property
    def held(self) -> dict[str, object]:
        """Everything that the destination holds."""
        return dict(self._case.held())

    def is_whole(self, delivery: Delivery, before: Mapping[str, object]) -> bool:
        """Return whether the destination got every part of a tip since then."""
        added = self._added(before)
        try:
            if not self._reads:
                self._check_parts("S19", _parts(delivery), added)
            elif self._case.unpack is not None:
                check_shown(self._case, self.plain(delivery), added)
        except BrokenRule:
            return False
        return bool(added)

    async def names(self) -> list[str]:
        """Return the id and the number of the first tip."""
        first = await self.delivery()
        return [first.tip, self.plain(first)["number"].decode()]

    async def all(self) -> None:
        """Make every kind of delivery."""
        await self.deliveries()
        await (self.shown() if self._reads else self.many_files())
        await self.odd_deliveries()
        await self.unreadable()
        await self.at_once()
        await self.crashes()
        await self.cancellations()
        await self.unreachable()
        await self.interruptions()

    async def close(self, subject: str) -> None:
        """Close the sink."""
        try:
            await self.sink.close()
        except Exception as error:
            raise BrokenRule("S15", subject, raised(error)) from error

    async def reopen(self) -> None:
        """Open the sink once more, as after a restart, and close it."""
        try:
            await self.sink.open()
        except Exception as error:
            raise BrokenRule("S15", "a second `open`", raised(error)) from error
        await self.close("close after a second `open`")

    async def deliveries(self) -> None:
        """Deliver a tip, the same again, a later revision, and another tip."""
        before = dict(self._case.held())
        await self.done("S02", await self.delivery(), "a tip")
        once = dict(self._case.held())
        require(once != before, "S03", "a tip", "the destination has not changed")
        await self.done("S04", await self.delivery(attempt=2), "the same tip again")
        require(dict(self._case.held()) == once, "S04", "the same tip again", "the destination has changed")
        await self.done("S05", await self.delivery(revision=2), "its second revision")
        later = dict(self._case.held())
        require(later != once, "S05", "its second revision", "the destination has not changed")
        new, more = len(once) - len(before), len(later) - len(once)
        found = f"{more} items more beside the earlier ones: does the destination keep both (`replaces=False`)?"
        require(not self._case.replaces or more < max(1, new), "S05", "its second revision", found)
        await self.done("S06", await self.delivery(tip="b" * 32), "another tip")
        both = dict(self._case.held())
        kept = all(both.get(name) == content for name, content in later.items())
        require(
            kept and len(both) > len(later), "S06", "another tip", "the first one has changed, or nothing was added"
        )
        if not self._reads:
            absent(_text(both), (WORDS,), "S17", "the destination after three deliveries")
            for revision, held in ((1, once), (2, later)):
                parts = _parts(await self.delivery(revision=revision))
                self._check_parts("S19", parts, [one for name, one in held.items() if one != before.get(name)])
        await self._check_flushed()

    async def odd_deliveries(self) -> None:
        """Deliver tips without files, with missing files, sealed to another key, and an alarm."""
        whole = await self.delivery(tip="c" * 32)
        bare = msgspec.structs.replace(whole, files=(), messages=())
        await self.result("S07", bare, "a tip without files and messages")
        for number, place in enumerate((None, {"text": f"{WORDS} घाट"})):
            subject = "a tip without a place" if place is None else "a tip whose place has no coordinates"
            make, folder = partial(self._tips.sparse, place=place), self._case.folder / "sealed"
            await self.done("S07", await asyncio.to_thread(make, folder, f"{number}b" * 16), subject)
        states = (SealedFile(ordinal="3", state="due"), SealedFile(ordinal="3", state="lost"))
        absent_files = msgspec.structs.replace(await self.delivery(tip="1c" * 16), files=states)
        await self._missing(absent_files, "files that are not here")
        erased = await self.delivery(tip="d" * 32)
        for file in erased.files:
            if isinstance(file.clean, StoredForm):
                await asyncio.to_thread(file.clean.remove)
        await self._missing(erased, "files that were erased meanwhile", self._tips.unsent(erased))
        before = dict(self._case.held())
        told = await self.result("S09", self._tips.alarm(), "an alarm")
        done = told == Done()
        require(not done or dict(self._case.held()) != before, "S09", "an alarm", "Done, but it is nowhere")
        require(not isinstance(told, Retry), "S09", "an alarm", f"{told!r}, although the destination works")
        if self._reads:
            folder = self._case.folder / "strange"
            strange = await asyncio.to_thread(self._strange.delivery, folder, tip="e" * 32)
            result = await self.result("S16", strange, "a tip sealed to another key")
            down = isinstance(result, Retry) and result.down
            require(result != Done() and not down, "S16", "a tip sealed to another key", repr(result))

    async def at_once(self) -> None:
        """Deliver two tips at the same time, in two threads that meet before each renames a file."""
        before = dict(self._case.held())
        deliveries = [await self.delivery(tip=tip) for tip in ("2a" * 16, "2b" * 16)]
        with threads(2), meeting():
            subject = "two deliveries at once"
            await asyncio.gather(*(self.done("S24", one, subject) for one in deliveries))
        added = [one for name, one in self._case.held().items() if one != before.get(name)]
        for delivery in deliveries:
            if not self._reads:
                self._check_parts("S24", _parts(delivery), added)
            elif self._case.unpack is not None:
                check_shown(self._case, self._tips.plain(delivery), added, "S24")

    async def many_files(self) -> None:
        """Deliver a tip with many files, some of which have no clean copy, to a destination without a key."""
        before, make, folder = dict(self._case.held()), self._tips.delivery, self._case.folder / "sealed"
        delivery = await asyncio.to_thread(make, folder, tip="5a" * 16, partly=True)
        await self.done("S02", delivery, "a tip with many files, some of them without a clean copy")
        self._check_parts("S19", _parts(delivery), self._added(before))

    async def shown(self) -> None:
        """Compare the shown parts at a reading destination with the tip, twice, and at another destination."""
        case = self._case
        check_omitted(case)
        last = self._second if case.second else self._tips
        for made, tip, revision in (
            (self._tips, "5a", 1),
            (self._tips, "5a", 2),
            (self._tips, "5c", 1),
            (last, "5b", 1),
        ):
            before, make, folder = dict(case.held()), partial(made.delivery, partly=True), case.folder / "sealed"
            delivery = await asyncio.to_thread(make, folder, revision=revision, tip=tip * 16)
            await self.done("S02", delivery, f"revision {revision}, with long texts, and files that can't be sent")
            if case.unpack is not None:
                check_shown(case, made.plain(delivery), self._added(before))

    def _added(self, before: Mapping[str, object]) -> list[object]:
        return [one for name, one in self._case.held().items() if one != before.get(name)]

    async def unreadable(self) -> None:
        """Deliver while the store of files does not answer, and again when it does."""
        subject, folder = "a store of files that fails (EIO)", self._case.folder / "sealed"
        delivery = await asyncio.to_thread(self._tips.unreadable, folder, "6a" * 16)
        result = await self.result("S43", delivery, subject)
        down = isinstance(result, Retry) and result.down
        unread = result == Done() and self._reads and "file" in self._case.omits
        require((isinstance(result, Retry) and not down) or unread, "S43", subject, repr(result))
        await self.done("S43", await self.delivery(tip="6a" * 16, attempt=2), "the store is back")

    async def crashes(self) -> None:
        """Fail each operation in turn. Afterwards the same delivery must give the complete tip."""
        grown = await self._growth("f" * 32)
        count = len(self._case.held())
        for turn in range(_MOST_CRASHES):
            crashes, count = Crashes(), count + grown
            delivery = await self.delivery(tip=f"{turn:02x}dd" * 8)
            with crashes.failing(turn):
                claims = await self._tolerant(delivery)
                await idle()
            await self._repeated("S11", delivery, count, f"operation {turn + 1} of a delivery fails", claims)
            if not crashes.failed:
                return

    async def interruptions(self) -> None:
        """Make the destination unreachable during a delivery, at ever later moments: to its end, and for a moment."""
        if self._unreachable is None:
            return
        grown = await self._growth("beef" * 8)
        whole = await turns_of(self.sink.deliver(await self.delivery(tip="feed" * 8)))
        count, moment = len(self._case.held()), whole // _INTERRUPTIONS
        for part in range(_INTERRUPTIONS):
            turns, count, briefly = whole * part // _INTERRUPTIONS, count + grown, part % 2
            delivery = await self.delivery(tip=f"{part:02x}ab" * 8)
            task = asyncio.ensure_future(self._tolerant(delivery))
            await pass_turns(turns)
            with self._unreachable():
                await (pass_turns(moment) if briefly else asyncio.wait({task}, timeout=_DEADLINE_SECONDS))
            await idle()
            subject = f"a destination that goes away {turns} turns of the event loop after a delivery began"
            await self._repeated("S22", delivery, count, subject, await task)

    async def _repeated(self, rule: str, delivery: Delivery, count: int, subject: str, claims: bool) -> None:  # noqa: FBT001
        """Check the destination's content after a delivery that failed, and after its repetition."""
        failed = dict(self._case.held())
        require(not claims or len(failed) == count, rule, subject, "Done, but not the whole tip")
        await self.done(rule, msgspec.structs.replace(delivery, attempt=2), f"{subject}, then it is repeated")
        whole = self._case.held()
        require(len(whole) == count, rule, subject, "half a tip, or more than one")
        halves = [name for name, content in failed.items() if whole.get(name) != content]
        require(not halves, rule, subject, "half a tip was to be seen until it was repeated")

    async def _missing(self, delivery: Delivery, subject: str, told: Mapping[str, bytes] | None = None) -> None:
        before = dict(self._case.held())
        result = await self.result("S08", delivery, subject)
        require(not (isinstance(result, Retry) and result.down), "S08", subject, "`down`: it would stop all others")
        require(result != Done() or self._case.held() != before, "S08", subject, "Done, but nothing was added")
        if told is None or result != Done():
            return
        if not self._reads:
            parts = {name: part for name, part in _parts(delivery).items() if not name.startswith("file ")}
            self._check_parts("S08", parts, self._added(before))
        elif self._case.unpack is not None:
            check_shown(self._case, told, self._added(before), "S40")

    async def cancellations(self) -> None:
        """Cancel a delivery half-way. Afterwards the same delivery must give the complete tip."""
        grown = await self._growth("cafe" * 8)
        whole = await turns_of(self.sink.deliver(await self.delivery(tip="babe" * 8)))
        count = len(self._case.held())
        for number, turns in enumerate((*range(_CANCELLATIONS), whole // 4, whole // 2, whole * 3 // 4)):
            delivery, count = await self.delivery(tip=f"{number:02x}cc" * 8), count + grown
            task = asyncio.ensure_future(self.sink.deliver(delivery))
            await pass_turns(turns)
            ended = task.done()
            task.cancel()
            await asyncio.wait({task})
            await idle()
            subject = f"a delivery that is cancelled after {turns} turns of the event loop"
            require(ended or task.cancelled(), "S25", subject, "it went on, or ended with a result")
            await self.done("S18", msgspec.structs.replace(delivery, attempt=2), subject)
            require(len(self._case.held()) == count, "S18", subject, "half a tip, or more than one")

    async def unreachable(self) -> None:
        """Deliver while the destination is unreachable."""
        if self._unreachable is None:
            return
        delivery = await self.delivery(tip="9a" * 16)
        with self._unreachable():
            result = await self.result("S14", delivery, "a destination that is out of reach")
            down = isinstance(result, Retry) and result.down
            soon = isinstance(result, Retry) and (result.after or 0) <= _LONGEST_PAUSE_SECONDS
            require(down and soon, "S14", "a destination that is out of reach", repr(result))
        await self.done("S14", msgspec.structs.replace(delivery, attempt=2), "the destination is back")

    async def delivery(self, *, revision: int = 1, tip: str = "a" * 32, attempt: int = 1) -> Delivery:
        folder = self._case.folder / "sealed"
        return await asyncio.to_thread(self._tips.delivery, folder, revision=revision, tip=tip, attempt=attempt)

    async def _growth(self, tip: str) -> int:
        """Return how many items one tip adds to the destination."""
        before = len(self._case.held())
        await self.done("S02", await self.delivery(tip=tip), "a tip")
        return len(self._case.held()) - before

    async def done(self, rule: str, delivery: Delivery, subject: str) -> None:
        result = await self.result(rule, delivery, subject)
        require(result == Done(), rule, subject, repr(result))

    async def result(self, rule: str, delivery: Delivery, subject: str) -> DeliveryResult:
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                with self._watch.no_files():
                    result = await self.sink.deliver(delivery)
        except TimeoutError as error:
            raise BrokenRule("S21", subject, "it still runs") from error
        except BrokenRule:
            raise
        except Exception as error:
            raise BrokenRule(rule, subject, raised(error)) from error
        require(isinstance(result, Done | Retry | DeadLetter), rule, subject, type(result).__name__)
        self._check_reason(result, subject)
        return result

    def _check_parts(self, rule: str, parts: Mapping[str, bytes], held: Sequence[object]) -> None:
        """Check that a sink added every part of a tip to the destination, each under its own name."""
        unpack, everything = (
            self._case.unpack,
            b"".join(one if isinstance(one, bytes) else str(one).encode() for one in held),
        )
        found = [unpack(one) for one in held] if unpack else []
        for name, part in parts.items():
            shown = part in everything or b64encode(part) in everything
            there = any(one.get(name) == part for one in found) if unpack else shown
            require(there, rule, "a tip", f"no {name}, or another one: where it is encoded, give the case `unpack`")

    async def _check_flushed(self) -> None:
        """Check that a delivery leaves nothing readable beside the destination, and flushes all that it writes."""
        crashes, delivery = Crashes(), await self.delivery(tip="5f" * 16)
        with crashes.failing(-1):
            await self.done("S20", delivery, "a tip")
        if self._reads:
            plain = [part for name, part in self._tips.plain(delivery).items() if name.startswith("file")]
            own = self._case.own_folder
            for file in [one for one in crashes.left() if own is None or not one.is_relative_to(own.absolute())]:
                content = file.read_bytes()
                shows = any(one in content for one in (WORDS.encode(), *plain))
                require(not shows, "S26", "a tip", f"the file {file.name} has words, or a file, of the tip")
        require(not crashes.unflushed(), "S20", "a tip", "; ".join(crashes.unflushed()[:2]))

    async def _tolerant(self, delivery: Delivery) -> bool:
        """Deliver, and return whether the sink reports success. An exception counts as `Retry`."""
        try:
            result = await self.sink.deliver(delivery)
        except BrokenRule:
            raise
        except Exception:  # noqa: BLE001 - the host would retry
            return False
        subject = "a delivery during which a file, a disk or the network fails"
        require(not isinstance(result, DeadLetter), "S43", subject, repr(result))
        self._check_reason(result, subject)
        return result == Done()

    def _check_reason(self, result: DeliveryResult, subject: str) -> None:
        if not isinstance(result, Done):
            secrets = self._case.peer.secrets if self._case.peer else ()
            names = (WORDS, str(self._case.folder), "a crash in a test", "localhost", *secrets)
            absent(result.reason, names, "S10", subject)


def _parts(delivery: Delivery) -> dict[str, bytes]:
    parts = {"envelope": delivery.envelope, "document": delivery.document}
    parts |= {f"message {one.seq}": one.sealed for one in delivery.messages}
    parts |= {f"record {file.ordinal}": file.record for file in delivery.files if file.record}
    return parts | {f"file {file.ordinal}": file.clean.read_bytes() for file in delivery.files if file.clean}


def _text(held: Mapping[str, object]) -> str:
    return "".join(
        f"{name}{content.decode(errors='replace') if isinstance(content, bytes) else content}"
        for name, content in held.items()
    )
