"""Checks the withdrawals of erased tips (S50)."""

import asyncio
import inspect
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Final, TypeAlias

from msgspec.structs import replace

from satark_testing.contracts.listening import MOST_STEPS, ROUND_SECONDS, Listening, named
from satark_testing.contracts.provider_peer import Asked, Fault, PeerServer, Received, Reply, Script
from satark_testing.contracts.rules import require

_LOST: Final = ("", ", and which is cancelled", ", and which is repeated")
"""What becomes of a delivery whose answer is lost."""
_Fails: TypeAlias = tuple[Script, int | None, Collection[Asked]]
"""What fails, at which of the requests that are not usual, and those that are."""
_NOTHING: Final[_Fails] = (None, None, ())
_OK: Final = 200
_MOST_READS: Final = 60
"""Most reads of the database by a sink that waits between its rounds, in the second in which it begins."""
_FAULTS: Final[Sequence[Script]] = (Reply(500), Reply(401), Fault.HANG_UP, Fault.LOST)


class Withdrawals(Listening):
    """The withdrawals of a plugin."""

    _erased = frozenset[str]()
    """The ids of the tips that were erased."""
    _asked_last: Sequence[tuple[Received, Reply]] = ()
    """The requests of the last withdrawal, with their answers."""

    async def check(self) -> None:
        """Erase tips at all destinations, while they fail and while they work, and such as were never acknowledged."""
        usual = await self._asked()
        await self._erase("0" * 32)
        await self._failing_in_turn(None, usual, 0)
        made = self._asked_last
        aside = Reply(302, headers={"Location": f"{self._server.elsewhere if self._server else ''}/x"})
        failures: list[tuple[Script, int | None]] = [(script, None) for script in (*_FAULTS, aside)]
        for step, (_, reply) in enumerate(made[:MOST_STEPS]):
            strange: Sequence[Script] = [Reply(200, b"<html>")] if reply.body or reply.status != _OK else []
            failures += [(script, step) for script in (Reply(500), Reply(401), aside, Fault.LOST, *strange)]
        looked_up = [reply for asked, reply in made if asked.asked != made[-1][0].asked and reply.status == _OK]
        if looked_up and made[0][0].asked != made[-1][0].asked:  # the records of an earlier tip
            failures.append((max(looked_up, key=lambda one: len(one.body)), 0))
        for number, (script, at) in enumerate(failures if self._server is not None else (), 1):
            await self._failing_in_turn(script, usual, number, at)
        for number, fate in enumerate(() if self._server is None else _LOST):
            before = dict(self._case.held())
            tip = await self._unanswered(f"{number}d", fate)
            await self._withdrawn(tip, before, f"an erased tip, after a delivery whose answer is lost{fate}")
        if self._server is not None:
            await self._refused(self._server, usual)
        for tip in {(await self._sample(made, "7a")).tip for made in self._made}:  # it has answers
            await self._erase(tip)
        gone = await self._until(lambda: not any(value in self._erased for _, value in self._store.rows()))
        require(gone, "S57", "erased tips that are withdrawn", f"a row has the id of one{self._failed}")
        self._store.asked = 0
        more = await self._asked() - usual
        found = f"{self._store.asked} reads of the database in a second in which nothing happens"
        require(self._store.asked < _MOST_READS, "S58", "`listen`", found)
        asked = ", ".join(sorted({method for method, _ in more}))
        require(not more, "S50", "tips that the destination has withdrawn", f"{asked} is repeated for ever")

    async def _failing_in_turn(self, script: Script, usual: set[Asked], number: int, at: int | None = None) -> None:
        before = dict(self._case.held())
        tips = [await self._delivered(made, f"{number:02x}4e") for made in self._made]
        subject = "an erased tip" if script is None else f"an erased tip, after {named(script)}"
        subject += "" if at is None else f", to request {at + 1} of its withdrawal"
        await self._withdrawn(tips[0].tip, before, subject, (script, at, usual))

    async def _refused(self, server: PeerServer, usual: set[Asked]) -> None:
        """Refuse to withdraw one tip for ever, while another is erased."""
        one, before = await self._delivered(self._made[0], "1c"), dict(self._case.held())
        other = await self._delivered(self._made[0], "2c")
        added = {name for name, held in self._case.held().items() if before.get(name) != held}
        await self._erase(one.tip)
        await self._restart()
        server.answering(Reply(500), beside=server.gives_tokens)
        await self._listen(self._still(), ROUND_SECONDS)
        for each in [each for each in server.received if each.asked not in usual | server.gives_tokens][:1]:
            server.answering(Reply(500), only=each)
            await self._erase(other.tip)
            gone = await self._until(lambda: not added & {*self._case.held()})
            found = f"the destination still holds it{self._failed}"
            require(gone, "S50", "an erased tip behind one that the destination refuses to withdraw", found)
        server.answering(None)
        await self._until(lambda: False, rounds=1)

    async def _asked(self) -> set[Asked]:
        """Listen, and return what the sink asks where nothing is to be done."""
        await self._restart()
        if self._server is not None:
            self._server.answering(None)
        await self._listen(lambda: False, ROUND_SECONDS)
        return {one.asked for one in self._server.received} if self._server else set()

    async def _withdrawn(self, tip: str, before: dict[str, object], subject: str, fails: _Fails = _NOTHING) -> None:
        added = [name for name, one in self._case.held().items() if before.get(name) != one]
        with self._failing(*fails):
            await self._erase(tip)
            await self._listen(self._still(), ROUND_SECONDS)
            if self._server is not None:
                made = zip(self._server.received, self._server.replies, strict=False)
                self._asked_last = [(one, reply) for one, reply in made if one.asked not in fails[2]]
                require(not self._server.strayed, "S33", subject, "a request at the other address")
        gone = await self._until(lambda: not {*added} & {*self._case.held()})
        require(gone, "S50", subject, f"the destination still holds it{self._failed}")
        same = {name: one for name, one in self._case.held().items() if name in before} == before
        require(same, "S06", subject, "another tip has changed, or went too")

    async def _unanswered(self, digits: str, fate: str) -> str:
        """Deliver a tip so that the destination has it, and the sink gets no answer."""
        delivery = await self._sample(self._made[0], digits)
        server = self._server
        assert server is not None  # noqa: S101 - else it is not called
        server.answering(Fault.LOST)
        delivering = asyncio.ensure_future(self._tips.sink.deliver(delivery))
        if "cancelled" in fate:
            arrived = asyncio.ensure_future(server.asked.wait())
            await asyncio.wait({delivering, arrived}, return_when=asyncio.FIRST_COMPLETED)
            delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        server.answering(None)
        if "repeated" in fate:
            await self._tips.done("S04", replace(delivery, attempt=2), "a delivery whose answer was lost")
        return delivery.tip

    @contextmanager
    def _failing(self, script: Script, at: int | None, usual: Collection[Asked]) -> Iterator[None]:
        if self._server is None:
            with self._case.unreachable() if self._case.unreachable else nullcontext():
                yield
            return
        self._server.answering(script, at, beside=() if at is None else usual)
        try:
            yield
        finally:
            self._server.answering(None)

    async def _erase(self, tip: str) -> None:
        erased = self._case.withdraws
        self._erased |= {tip}
        if erased is not None:
            asked = inspect.signature(erased).parameters
            given = {"tip": tip} if "tip" in asked else {}
            await asyncio.to_thread(
                self._store.write, lambda unit: erased(**given, **({"uow": unit} if "uow" in asked else {}))
            )
