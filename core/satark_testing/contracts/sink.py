"""The contract of a sink, as checks that a sink plugin runs against itself in one test.

async def test_it_keeps_the_contract(tmp_path: Path) -> None:
    await check_sink(SinkCase(sink=…, folder=tmp_path, held=…))
"""

import asyncio
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import msgspec

from satark.api.sink import Delivery, Done, Retry, SealedFile
from satark.plugins.returned_objects import problems_of
from satark.store.sealed_files import StoredForm
from satark_testing.contracts.answering import check_listening
from satark_testing.contracts.crashes import Crashes, idle, meeting, pass_turns, threads, turns_of
from satark_testing.contracts.deliveries import DEADLINE_SECONDS, Deliveries, bytes_of, parts_of
from satark_testing.contracts.failing_destination import check_exchanges
from satark_testing.contracts.provider_peer import Fault, PeerServer, Received, Reply
from satark_testing.contracts.rules import RULES, BrokenRule, absent, alone, raised, require
from satark_testing.contracts.sample_context import sample_context, store_of
from satark_testing.contracts.sample_tips import PLACE, WORDS, SampleTips, sample_delivery
from satark_testing.contracts.sink_case import (
    KINDS,
    Answer,
    SinkCase,
    SinkPeer,
    Webhook,
    check_omitted,
    check_shown,
    written,
)
from satark_testing.contracts.watching import Watch

__all__ = ["KINDS", "RULES", "WORDS", "Answer", "BrokenRule", "Crashes", "Received", "Reply", "SampleTips"]
__all__ += ["SinkCase", "SinkPeer", "Webhook", "check_sink", "sample_context", "sample_delivery", "written"]


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
        async with alone():
            await _check_all(case)
    finally:
        if store:
            await asyncio.to_thread(store.close)


async def _check_all(case: SinkCase) -> None:
    if case.peer is None:
        require(case.sink is not None, "S01", "the case", "neither `sink` nor `peer`")
        await _check(case)
        return
    async with PeerServer(case.peer, WORDS).serving() as server:

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
    watch.check_output((WORDS, *checks.names), "S12")
    watch.check_blocking("S13")
    watch.check_output([*server.credentials] if server else [], "S56")
    require(not watch.opened, "S13", "deliveries", "; ".join(watch.opened[:3]))
    require(not watch.left_open, "S15", "close after deliveries", "; ".join(watch.left_open[:1]))


class _Checks(Deliveries):
    async def all(self) -> None:
        """Make every kind of delivery."""
        await self.deliveries()
        await (self.shown() if self._reads else self.many_files())
        await self.same_tip_elsewhere()
        await self.odd_deliveries()
        await self.unreadable()
        await self.at_once()
        await self.crashes()
        await self.cancellations()
        await self.unreachable()
        await self.interruptions()

    async def reopen(self) -> None:
        """Open the sink once more, as after a restart, and close it."""
        try:
            await self.sink.open()
        except Exception as error:
            raise BrokenRule("S15", "a second `open`", raised(error)) from error
        await self.close("close after a second `open`")

    async def deliveries(self) -> None:
        """Deliver a tip, the same again, a later revision, and another tip."""
        before = self.held
        await self.done("S02", await self.delivery(), "a tip")
        once = self.held
        require(once != before, "S03", "a tip", "the destination has not changed")
        await self.done("S04", await self.delivery(attempt=2), "the same tip again")
        require(self.held == once, "S04", "the same tip again", "the destination has changed")
        await self.done("S05", await self.delivery(revision=2), "its second revision")
        later = self.held
        require(later != once, "S05", "its second revision", "the destination has not changed")
        new, more = len(once) - len(before), len(later) - len(once)
        found = f"{more} items more beside the earlier ones: does the destination keep both (`replaces=False`)?"
        require(not self._case.replaces or more < max(1, new), "S05", "its second revision", found)
        await self.done("S06", await self.delivery(tip="b" * 32), "another tip")
        self._check_kept(later, "another tip")
        if not self._reads:
            both = self.held
            text = " ".join([*both, *(bytes_of(one).decode(errors="replace") for one in both.values())])
            absent(text, (WORDS,), "S17", "the destination after three deliveries")
            for revision, held in ((1, once), (2, later)):
                parts = parts_of(await self.delivery(revision=revision))
                self.check_parts("S19", parts, [one for name, one in held.items() if one != before.get(name)])
        await self._check_flushed()

    async def same_tip_elsewhere(self) -> None:
        """Deliver one tip to two destinations, if the sink has two."""
        if not self._case.second:
            return
        await self.done("S02", await self.delivery(tip="6b" * 16), "a tip")
        first, delivery = self.held, await self.delivery(self._second, tip="6b" * 16)
        await self.done("S06", delivery, "the same tip at another destination")
        self._check_kept(first, "the same tip at another destination")
        self.check_arrived(delivery, first)

    def _check_kept(self, before: Mapping[str, object], subject: str) -> None:
        """Check that something was added, and that all that was there before is unchanged."""
        both = self.held
        kept = all(both.get(name) == content for name, content in before.items())
        found = "the first one has changed, or nothing was added"
        require(kept and len(both) > len(before), "S06", subject, found)

    async def odd_deliveries(self) -> None:
        """Deliver tips without files, with missing files, sealed to another key, and an alarm."""
        whole = await self.delivery(tip="c" * 32)
        bare = msgspec.structs.replace(whole, files=(), messages=())
        await self.result("S07", bare, "a tip without files and messages")
        places: dict[str, Mapping[str, Any] | None] = {"no place": None, "a place without coordinates": {**PLACE}}
        places |= {"a place that is only a pin": {"latitude": 25.3, "longitude": 82.9}}
        for number, (what, place) in enumerate(places.items()):
            subject = f"a tip with {what}"
            make, folder = partial(self._tips.sparse, place=place), self._case.folder / "sealed"
            await self.done("S07", await asyncio.to_thread(make, folder, f"{number}e" * 16), subject)
        states = (SealedFile(ordinal="3", state="due"), SealedFile(ordinal="3", state="lost"))
        absent_files = msgspec.structs.replace(await self.delivery(tip="1c" * 16), files=states)
        await self._missing(absent_files, "files that are not here")
        erased = await self.delivery(tip="d" * 32)
        for file in erased.files:
            if isinstance(file.clean, StoredForm):
                await asyncio.to_thread(file.clean.remove)
        await self._missing(erased, "files that were erased meanwhile", self._tips.unsent(erased))
        before = self.held
        told = await self.result("S09", self._tips.alarm(1), "an alarm")
        first, done = self.held, told == Done()
        require(not done or first != before, "S09", "an alarm", "Done, but it is nowhere")
        require(not isinstance(told, Retry), "S09", "an alarm", f"{told!r}, although the destination works")
        if done:
            await self.done("S09", self._tips.alarm(2), "a second alarm")
            self._check_kept(first, "a second alarm")
        if self._reads:
            folder = self._case.folder / "strange"
            strange = await asyncio.to_thread(self._strange.delivery, folder, tip="e" * 32)
            result = await self.result("S16", strange, "a tip sealed to another key")
            down = isinstance(result, Retry) and result.down
            require(result != Done() and not down, "S16", "a tip sealed to another key", repr(result))

    async def at_once(self) -> None:
        """Deliver two tips at the same time, in two threads that meet before each renames a file."""
        before = self.held
        deliveries = [await self.delivery(tip=tip) for tip in ("2a" * 16, "2b" * 16)]
        with threads(2), meeting():
            subject = "two deliveries at once"
            await asyncio.gather(*(self.done("S24", one, subject) for one in deliveries))
        for delivery in deliveries:
            self.check_arrived(delivery, before, "S24")

    async def many_files(self) -> None:
        """Deliver a tip with many files, some of which have no clean copy, to a destination without a key."""
        before, delivery = self.held, await self.delivery(tip="5a" * 16, partly=True)
        await self.done("S02", delivery, "a tip with many files, some of them without a clean copy")
        self.check_arrived(delivery, before)

    async def shown(self) -> None:
        """Compare the shown parts at a reading destination with the tip, twice, and at another destination."""
        check_omitted(self._case)
        first, last = self.destinations[0], self.destinations[-1]
        for made, tip, revision in ((first, "5a", 1), (first, "5a", 2), (first, "5c", 1), (last, "5b", 1)):
            before = self.held
            delivery = await self.delivery(made, revision=revision, tip=tip * 16, partly=True)
            await self.done("S02", delivery, f"revision {revision}, with long texts, and files that can't be sent")
            self.check_arrived(delivery, before)

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
        grown = await self.growth("f" * 32)
        count = len(self.held)
        for turn in range(_MOST_CRASHES):
            crashes, count = Crashes(), count + grown
            delivery = await self.delivery(tip=f"{turn:02x}dd" * 8)
            with crashes.failing(turn):
                claims = await self.tolerant(delivery)
                await idle()
            await self._repeated("S11", delivery, count, f"operation {turn + 1} of a delivery fails", claims)
            if not crashes.failed:
                return

    async def interruptions(self) -> None:
        """Make the destination unreachable during a delivery, at ever later moments: to its end, and for a moment."""
        if self._unreachable is None:
            return
        grown = await self.growth("beef" * 8)
        whole = await turns_of(self.sink.deliver(await self.delivery(tip="feed" * 8)))
        count, moment = len(self.held), whole // _INTERRUPTIONS
        for part in range(_INTERRUPTIONS):
            turns, count, briefly = whole * part // _INTERRUPTIONS, count + grown, part % 2
            delivery = await self.delivery(tip=f"{part:02x}ab" * 8)
            task = asyncio.ensure_future(self.tolerant(delivery))
            await pass_turns(turns)
            with self._unreachable():
                await (pass_turns(moment) if briefly else asyncio.wait({task}, timeout=DEADLINE_SECONDS))
            await idle()
            subject = f"a destination that goes away {turns} turns of the event loop after a delivery began"
            await self._repeated("S22", delivery, count, subject, await task)

    async def _repeated(self, rule: str, delivery: Delivery, count: int, subject: str, claims: bool) -> None:  # noqa: FBT001
        """Check the destination's content after a delivery that failed, and after its repetition."""
        failed = self.held
        require(not claims or len(failed) == count, rule, subject, "Done, but not the whole tip")
        await self.done(rule, msgspec.structs.replace(delivery, attempt=2), f"{subject}, then it is repeated")
        whole = self.held
        require(len(whole) == count, rule, subject, "half a tip, or more than one")
        halves = [name for name, content in failed.items() if whole.get(name) != content]
        require(not halves, rule, subject, "half a tip was to be seen until it was repeated")

    async def _missing(self, delivery: Delivery, subject: str, told: Mapping[str, bytes] | None = None) -> None:
        before = self.held
        result = await self.result("S08", delivery, subject)
        require(not (isinstance(result, Retry) and result.down), "S08", subject, "`down`: it would stop all others")
        require(result != Done() or self.held != before, "S08", subject, "Done, but nothing was added")
        if told is None or result != Done():
            return
        if not self._reads:
            parts = {name: part for name, part in parts_of(delivery).items() if not name.startswith("file ")}
            self.check_parts("S08", parts, self.added(before))
        elif self._case.unpack is not None:
            check_shown(self._case, told, self.added(before), "S40")

    async def cancellations(self) -> None:
        """Cancel a delivery half-way. Afterwards the same delivery must give the complete tip."""
        grown = await self.growth("cafe" * 8)
        whole = await turns_of(self.sink.deliver(await self.delivery(tip="babe" * 8)))
        count = len(self.held)
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
            require(len(self.held) == count, "S18", subject, "half a tip, or more than one")

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
