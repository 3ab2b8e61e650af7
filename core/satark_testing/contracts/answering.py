"""Checks what comes back from a destination: answers, and withdrawals of erased tips (S44 to S51)."""

import asyncio
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import count
from typing import Any, Final, Protocol

from msgspec.structs import replace

from satark.api.routing import Destination
from satark.api.sink import Delivery, DeliveryResult, ListeningSink, Sink
from satark.api.tip import Status
from satark_testing.contracts.provider_peer import ENDLESS_BYTES, Fault, PeerServer, Reply, Script
from satark_testing.contracts.rules import BrokenRule, raised, require
from satark_testing.contracts.sample_context import SampleStore, store_of
from satark_testing.contracts.sample_tips import WORDS, SampleTips
from satark_testing.contracts.sink_case import Answer, SinkCase

_ROUNDS: Final = 8
_ROUND_SECONDS: Final = 1.0
"""Seconds for which the sink listens before it is restarted, unless it sleeps for longer: then it has done its work."""
_ROUND_TURNS: Final = 200
"""Turns of the event loop that a round has at least: on a busy machine it lasts longer."""
_TURN_SECONDS: Final = 0.005
_SETTLING_SECONDS: Final = 0.05
_STILL_SECONDS: Final = 0.25
_CANCELLED_SECONDS: Final = 5
_MOST_WRITES: Final = 6
"""Most writes of an answer that fail in turn."""
_WORDS: Final = f"{WORDS} लंका 🚨 से.\n“{WORDS}” \u0930\u094d\u200d\u092f €5: " + "न" * 300 + " क"
_NOBODY: Final = "ZZZZ-9999"
_FAULTS: Final[Sequence[Script]] = (
    Reply(500),
    Reply(401),
    Fault.HANG_UP,
    Fault.ENDLESS,
    Reply(200, b"<html>Sign in to the network</html>"),
    Reply(200, b"{}"),
)
_LOST: Final = ("", ", and which is cancelled", ", and which is repeated")
"""What becomes of a delivery whose answer is lost."""


class Tips(Protocol):
    """Makes sample tips and delivers them with the sink."""

    sink: Sink

    async def result(self, rule: str, delivery: Delivery, subject: str) -> DeliveryResult:
        """Deliver, and check the result's form."""

    async def done(self, rule: str, delivery: Delivery, subject: str) -> None:
        """Deliver with success."""


async def check_listening(tips: Tips, case: SinkCase, server: PeerServer | None, made: Sequence[SampleTips]) -> None:
    """Check answers and withdrawals, if the sink has any.

    `made`: the sample tips of each of the case's destinations.

    Raises:
        BrokenRule: the sink breaks a rule, or its case does not say how answers come.
    """
    hears, erases = isinstance(tips.sink, ListeningSink), _has_hook(tips.sink, "satark_erased")
    for has, subject, field in (
        (hears, "the case of a sink with `listen`", "answers"),
        (erases, "the case of a plugin with the hook `satark_erased`", "withdraws"),
    ):
        told = getattr(case, field) or field in case.omits or not has
        require(told, "S44", subject, f'it has no field `{field}`, and `omits` has no "{field}"')
    store = store_of(case.recipient)
    if not (case.answers or case.withdraws):
        return
    require(hears, "S44", "the case of a sink without `listen`", "`answers` or `withdraws`")
    again = case.peer or case.restarted
    require(again, "S44", "the case of a sink with `listen` that has no `peer`", "it has no field `restarted`")
    if store is None:
        raise BrokenRule("S44", "the sink's context", "it is not `sample_context(…)` with the identity of `recipient`")
    checks = _Listening(tips, case, server, made, store)
    try:
        if case.answers is not None:
            await checks.answers()
        if case.withdraws is not None:
            await checks.withdrawals()
    finally:
        await checks.close()
        await asyncio.to_thread(store.close)


def _has_hook(sink: Sink, name: str) -> bool:
    package = type(sink).__module__.partition(".")[0]
    modules = [module for key, module in sys.modules.copy().items() if key.partition(".")[0] == package]
    return any(hasattr(getattr(module, name, None), "satark_impl") for module in modules)


class _Listening:
    def __init__(
        self, tips: Tips, case: SinkCase, server: PeerServer | None, made: Sequence[SampleTips], store: SampleStore
    ) -> None:
        self._tips, self._case, self._server, self._made, self._store = tips, case, server, made, store
        self._sink: Sink = tips.sink
        self._numbers = count()
        self._expected: list[tuple[str, Answer]] = []
        self._failed = ""
        """How `listen` ended last."""

    async def close(self) -> None:
        """Close the last sink that was made."""
        if self._sink is not self._tips.sink:
            await self._sink.close()

    async def answers(self) -> None:
        """Answer several tips, again after a restart, while writes fail and while the destination fails."""
        tips = [(made, await self._delivered(made, f"{number}a")) for made in self._made for number in (7, 8)]
        for number in range(max(len(tips), len(self._case.statuses))):
            await self._answer(*tips[number % len(tips)])
        await self._come("S45", "answers to several tips")
        await self._answer(*tips[0])
        await self._come("S48", "an answer after a restart")
        for turn in range(_MOST_WRITES):
            self._store.fails_in = turn
            for made, delivery in tips:
                await self._answer(made, delivery)
            await self._come("S48", f"answers, while write {turn + 1} fails")
            if self._store.fails_in is not None:
                break
        self._store.fails_in = None
        await self._say(Answer(number=_NOBODY, destination=self._case.name, status="ACTION", text=_WORDS))
        await self._answer(*tips[0])
        await self._come("S49", "an answer behind one for a number that no tip has")
        await self._faulty(tips[0])

    async def _faulty(self, to: tuple[SampleTips, Delivery]) -> None:
        """Fail the requests by which a sink asks for answers."""
        if self._server is None:
            return
        elsewhere = Reply(302, headers={"Location": f"{self._server.elsewhere}/x"})
        for script in (*_FAULTS, elsewhere):
            await self._answer(*to)
            self._server.answering(script)
            await self._restart()
            await self._listen(self._still(), _ROUND_SECONDS * _ROUNDS)
            subject = f"a request for answers: {_named(script)}"
            require(not self._server.strayed, "S33", subject, "a request at the other address")
            require(self._server.written < ENDLESS_BYTES, "S36", subject, "all of it was read")
            self._server.answering(None)
            await self._come("S48", f"an answer after {_named(script)}")

    async def withdrawals(self) -> None:
        """Erase tips at all destinations, while they fail and while they work, and such as were never acknowledged."""
        usual = await self._asked()
        await self._erase("0" * 32)
        failures: list[Script] = [None] if self._server is None else [None, *_FAULTS[:3], Fault.LOST]
        for number, script in enumerate(failures):
            before = dict(self._case.held())
            tips = [await self._delivered(made, f"{number}e") for made in self._made]
            subject = "an erased tip" if script is None else f"an erased tip, after {_named(script)}"
            await self._withdrawn(tips[0].tip, before, subject, script)
        for number, fate in enumerate(() if self._server is None else _LOST):
            before = dict(self._case.held())
            tip = await self._unanswered(f"{number}d", fate)
            await self._withdrawn(tip, before, f"an erased tip, after a delivery whose answer is lost{fate}")
        if self._server is not None:
            await self._refused(self._server, usual)
        more = await self._asked() - usual
        asked = ", ".join(sorted({method for method, _ in more}))
        require(not more, "S50", "tips that the destination has withdrawn", f"{asked} is repeated for ever")

    async def _refused(self, server: PeerServer, usual: set[tuple[str, str]]) -> None:
        """Refuse to withdraw one tip for ever, while another is erased."""
        one, before = await self._delivered(self._made[0], "1c"), dict(self._case.held())
        other = await self._delivered(self._made[0], "2c")
        added = {name for name, held in self._case.held().items() if before.get(name) != held}
        await self._erase(one.tip)
        await self._restart()
        server.answering(Reply(500))
        await self._listen(self._still(), _ROUND_SECONDS)
        asked = [(each.method, each.path) for each in server.received]
        for each in [each for each in asked if each not in usual][:1]:
            server.answering(Reply(500), only=each)
            await self._erase(other.tip)
            gone = await self._until(lambda: not added & {*self._case.held()})
            require(gone, "S50", "an erased tip behind one that the destination refuses to withdraw", self._failed)
        server.answering(None)
        await self._until(lambda: False, rounds=1)

    async def _asked(self) -> set[tuple[str, str]]:
        """Listen, and return what the sink asks where nothing is to be done."""
        if self._server is None:
            return set()
        await self._restart()
        self._server.answering(None)
        await self._listen(lambda: False, _ROUND_SECONDS)
        return {(one.method, one.path) for one in self._server.received}

    async def _withdrawn(self, tip: str, before: dict[str, object], subject: str, script: Script = None) -> None:
        added = [name for name, one in self._case.held().items() if before.get(name) != one]
        with self._failing(script):
            await self._erase(tip)
            await self._listen(self._still(), _ROUND_SECONDS)
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

    def _still(self) -> Callable[[], bool]:
        """Return a function that tells whether the destination was asked, and has sent nothing for a moment."""
        loop, seen, at = asyncio.get_running_loop(), (-1, -1), 0.0

        def is_still() -> bool:
            nonlocal seen, at
            if self._server is None:
                return False
            now = len(self._server.received), self._server.written
            if now != seen:
                seen, at = now, loop.time()
            return now[0] > 0 and loop.time() > at + _STILL_SECONDS

        return is_still

    @contextmanager
    def _failing(self, script: Script) -> Iterator[None]:
        if self._server is None:
            with self._case.unreachable() if self._case.unreachable else nullcontext():
                yield
            return
        self._server.answering(script)
        try:
            yield
        finally:
            self._server.answering(None)

    async def _erase(self, tip: str) -> None:
        erased = self._case.withdraws
        if erased is not None:
            asked = inspect.signature(erased).parameters
            given = {"tip": tip} if "tip" in asked else {}
            await asyncio.to_thread(
                self._store.write, lambda unit: erased(**given, **({"uow": unit} if "uow" in asked else {}))
            )

    async def _delivered(self, made: SampleTips, digits: str) -> Delivery:
        delivery = await self._sample(made, digits)
        await self._tips.done("S02", delivery, "a tip that is answered or erased")
        return delivery

    async def _sample(self, made: SampleTips, digits: str) -> Delivery:
        return await asyncio.to_thread(made.delivery, self._case.folder / "sealed", tip=digits * 16)

    async def _answer(self, made: SampleTips, delivery: Delivery) -> None:
        number, statuses = next(self._numbers), [*self._case.statuses]
        text, status = f"{_WORDS}{number}", statuses[number % len(statuses)]
        tip = made.plain(delivery)["number"].decode()
        answer = Answer(number=tip, destination=delivery.name, status=status, text=text)
        self._expected.append((delivery.tip, answer))
        await self._say(answer)

    async def _say(self, answer: Answer) -> None:
        said = self._case.answers(answer) if self._case.answers else None
        if inspect.isawaitable(said):
            await said

    async def _come(self, rule: str, subject: str) -> None:
        """Listen, also after restarts, until all answers came; check that each came once, as it is, to its tip."""
        await self._restart()
        wanted = len(self._expected)
        await self._until(lambda: len(self._posted()) >= wanted)
        self._check_visible(subject)
        posted = self._posted()
        left = list(posted)
        for tip, answer in self._expected:
            own = [one for one in left if one[:2] == (tip, answer.destination)]
            elsewhere = [one for one in left if "text" not in self._case.omits and one[3] == answer.text]
            found = f"{len(posted)} of {wanted} answers were posted{self._failed}"
            require(own or not elsewhere, "S45", subject, "it is at another tip, or another destination")
            require(own, rule, subject, found)
            same = next((one for one in own if self._is(one, answer)), None)
            if same is None:
                require(len(posted) >= wanted, rule, subject, found)
                self._raise_difference(subject, own, answer, repeated=len(posted) > wanted)
            left.remove(same)  # type: ignore[arg-type]
        require(not left, "S47", subject, f"{len(left)} answers were posted once more")
        if rule == "S45" and "text" not in self._case.omits:
            self._check_order(posted, subject)

    def _posted(self) -> list[tuple[str, str, Status | None, str]]:
        shown = [one for one in self._store.posted if not one.message.internal]
        return [(one.tip, Destination(one.to).name, one.message.status, one.message.text) for one in shown]

    def _check_order(self, posted: Sequence[tuple[str, str, Status | None, str]], subject: str) -> None:
        for to in {(tip, answer.destination) for tip, answer in self._expected}:
            said = [answer.text for tip, answer in self._expected if (tip, answer.destination) == to]
            require([one[3] for one in posted if one[:2] == to] == said, "S46", subject, "they are in another order")

    def _check_visible(self, subject: str) -> None:
        said = {answer.text for _, answer in self._expected}
        for one in self._store.posted:
            require(one.message.sender == "desk", "S46", subject, 'its `sender` is not "desk"')
            hidden = one.message.internal and one.message.text in said
            require(not hidden, "S46", subject, "it is `internal`: the tipster never sees it")

    def _is(self, one: tuple[str, str, Status | None, str], answer: Answer) -> bool:
        omits = self._case.omits
        return ("status" in omits or one[2] == answer.status) and ("text" in omits or one[3] == answer.text)

    def _raise_difference(
        self, subject: str, own: Sequence[tuple[str, str, Status | None, str]], answer: Answer, *, repeated: bool
    ) -> None:
        if repeated:
            raise BrokenRule("S47", subject, "an answer that was posted before came again")
        same_text = [one for one in own if one[3] == answer.text and "text" not in self._case.omits]
        if same_text or "text" in self._case.omits:
            raise BrokenRule("S46", subject, f"the status {(same_text or own)[0][2]} in place of {answer.status}")
        text = next((one[3] for one in own if one[2] == answer.status), own[0][3])
        raise BrokenRule("S46", subject, f"the text is changed: {len(text)} characters for {len(answer.text)}")

    async def _until(self, is_so: Callable[[], bool], rounds: int = _ROUNDS) -> bool:
        for turn in range(rounds):
            if turn:
                await self._restart()
            if await self._listen(is_so, _ROUND_SECONDS):
                return True
        return is_so()

    async def _restart(self) -> None:
        """Make the sink anew, as a restart of the host does."""
        await self.close()
        if self._case.peer is not None and self._server is not None:
            self._sink = self._case.peer.sink(self._server.url)
        elif self._case.restarted is not None:
            self._sink = self._case.restarted()
        await self._sink.open()

    async def _listen(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """Listen until it is so, until the sink sleeps, or for some seconds; return whether it is so."""
        if not isinstance(self._sink, ListeningSink):
            return is_so()
        task = asyncio.ensure_future(self._sink.listen())
        loop, turns = asyncio.get_running_loop(), 0
        end = loop.time() + seconds
        while not (is_so() or task.done() or _sleeps(task)) and (turns < _ROUND_TURNS or loop.time() < end):
            turns += 1
            await asyncio.sleep(_TURN_SECONDS)
        if not _sleeps(task):
            await asyncio.sleep(_SETTLING_SECONDS)
        task.cancel()
        await asyncio.wait({task}, timeout=_CANCELLED_SECONDS)
        require(task.done(), "S51", "`listen`, cancelled", "it still runs")
        failed = None if task.cancelled() else task.exception()
        if isinstance(failed, BrokenRule):
            raise failed
        self._failed = f"; `listen` failed: {raised(failed)}" if failed else ""
        return is_so()


def _sleeps(task: "asyncio.Task[Any]") -> bool:
    """Return whether a task sleeps for longer than a round lasts."""
    loop: Any = asyncio.get_running_loop()
    waited, long = getattr(task, "_fut_waiter", None), loop.time() + _ROUND_SECONDS
    timers = [timer for timer in getattr(loop, "_scheduled", ()) if timer.when() > long and not timer.cancelled()]
    return waited is not None and any(one is waited for timer in timers for one in timer._args)  # noqa: SLF001


def _named(script: Script) -> str:
    return script.value if isinstance(script, Fault) else f"an answer with {getattr(script, 'status', 0)}"
