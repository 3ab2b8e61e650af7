"""Checks what comes back from a destination: answers, which it posts or the sink asks for (S44 to S49)."""

import inspect
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from itertools import count
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from satark.api.routing import Destination
from satark.api.sink import Delivery, ListeningSink, Sink
from satark.api.tip import Status
from satark_testing.contracts.deliveries import Deliveries
from satark_testing.contracts.listening import MOST_STEPS, ROUND_SECONDS, ROUNDS, Listening, named
from satark_testing.contracts.provider_peer import ENDLESS_BYTES, Fault, PeerServer, Reply, Script
from satark_testing.contracts.rules import BrokenRule, require
from satark_testing.contracts.sample_context import store_of
from satark_testing.contracts.sample_tips import WORDS, SampleTips
from satark_testing.contracts.sink_case import Answer, SinkCase
from satark_testing.contracts.sink_webhook import Postbox, check_webhook
from satark_testing.contracts.withdrawing import Withdrawals

_Kept: TypeAlias = tuple[str, str, str, str]
_MOST_WRITES: Final = 6
"""Most writes of an answer that fail in turn."""
_WORDS: Final = f"{WORDS} लंका 🚨 से.\n“{WORDS}” \u0930\u094d\u200d\u092f €5, A&B <क> \"x\" 'y' a\\b: " + "न" * 300 + " क"
_NOBODY: Final = "ZZZZ-9999"
_FAULTS: Final[Sequence[Script]] = (
    Reply(500),
    Reply(401),
    Fault.HANG_UP,
    Fault.ENDLESS,
    Reply(200, b"<html>Sign in to the network</html>"),
    Reply(200, b"{}"),
)


async def check_listening(
    tips: Deliveries, case: SinkCase, server: PeerServer | None, made: Sequence[SampleTips]
) -> None:
    """Check answers and withdrawals, if the sink has any.

    `made`: the sample tips of each of the case's destinations.

    Raises:
        BrokenRule: the sink breaks a rule, or its case does not say how answers come.
    """
    hears, erases = isinstance(tips.sink, ListeningSink), _has_hook(tips.sink, "satark_erased")
    for has, subject, field in (
        (hears and not case.webhook, "the case of a sink with `listen`", "answers"),
        (erases, "the case of a plugin with the hook `satark_erased`", "withdraws"),
        (_has_hook(tips.sink, "satark_desk_pages"), "the case of a plugin with pages for officers", "webhook"),
    ):
        told = getattr(case, field) or field in case.omits or not has
        require(told, "S44", subject, f'it has no field `{field}`, and `omits` has no "{field}"')
    store = store_of(case.recipient)
    if not (case.answers or case.withdraws or case.webhook):
        return
    require(
        hears or not (case.answers or case.withdraws),
        "S44",
        "the case of a sink without `listen`",
        "`answers` or `withdraws`",
    )
    again = case.peer or case.restarted
    require(again, "S44", "the case of a sink with `listen` that has no `peer`", "it has no field `restarted`")
    if store is None:
        raise BrokenRule("S44", "the sink's context", "it is not `sample_context(…)` with the identity of `recipient`")
    answers, withdrawals = (_Answers(tips, case, server, made, store), Withdrawals(tips, case, server, made, store))
    try:
        if case.webhook is not None:
            await answers.check(Postbox(case.webhook))
        if case.answers is not None:
            await answers.check()
        await answers.close()
        if case.withdraws is not None:
            await withdrawals.check()
    finally:
        await answers.close()
        await withdrawals.close()


def _has_hook(sink: Sink, name: str) -> bool:
    """Return whether the sink's plugin has a hook, be its module imported by the test or named by an entry point."""
    package = type(sink).__module__.partition(".")[0]
    for point in entry_points(group="satark"):
        if point.module.partition(".")[0] == package:
            point.load()
    modules = [module for key, module in sys.modules.copy().items() if key.partition(".")[0] == package]
    return any(hasattr(getattr(module, name, None), "satark_impl") for module in modules)


class _Answers(Listening):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._numbers = count()
        self._expected: list[tuple[str, Answer]] = []

    async def check(self, box: Postbox | None = None) -> None:
        """Answer several tips, again after a restart, while writes fail and while the destination fails.

        `box`: posts them; None: the sink asks for them.
        """
        tips = [(made, await self._delivered(made, f"{number}a")) for made in self._made for number in (7, 8)]
        self._box, self._expected = box, []
        self._store.posted.clear()
        if box is not None:
            await check_webhook(box, self._store, self._made_answer(*tips[0]), self._tips.watch)
        for number in range(max(len(tips), len(self._case.statuses))):
            await self._answer(*tips[number % len(tips)])
        await self._come("S45", "answers to several tips")
        await self._twins(*tips[0])
        await self._elsewhere(tips[0])
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
        *_, status = self._case.statuses
        nobody = Answer(number=_NOBODY, destination=self._case.name, status=status, text=_WORDS, id="nobody")
        if box is not None:
            await box.settle(box.signed(nobody), "an answer for a number that no tip has")
        else:
            await self._say(nobody)
        await self._answer(*tips[0])
        await self._come("S49", "an answer behind one for a number that no tip has")
        if box is None and self._server is not None:
            await self._faulty(tips[0], self._server)
        if box is not None:
            for _ in range(2):
                await box.deliver_again()
                await self._come("S47", "answers that are delivered again")

    async def _elsewhere(self, to: tuple[SampleTips, Delivery]) -> None:
        """Answer one destination's tip as another destination: no tip of its own has that number."""
        if len(self._made) > 1:
            answer = self._made_answer(self._made[0], await self._delivered(self._made[0], "3a"))
            subject = "one of a destination to a tip that only another destination has"
            await self._say(replace(answer, destination=self._case.second))
            await self._answer(*to)
            await self._come("S49", f"an answer behind {subject}")

    async def _twins(self, made: SampleTips, delivery: Delivery) -> None:
        """Give two answers in the same words."""
        answer = self._made_answer(made, delivery)
        for one in (answer, replace(answer, id=f"{answer.id}-again")):
            self._expected.append((delivery.tip, one))
            await self._say(one)
        await self._come("S48", "two answers in the same words")

    async def _faulty(self, to: tuple[SampleTips, Delivery], server: PeerServer) -> None:
        """Fail the requests by which a sink asks for answers, all of them and each alone."""
        elsewhere = Reply(302, headers={"Location": f"{server.elsewhere}/x"})
        await self._answer(*to)
        server.answering(None)
        await self._come("S48", "an answer")
        steps = range(1, min(len(server.received), MOST_STEPS))
        alone = [(script, at) for script in (Reply(500), elsewhere, Fault.HANG_UP, Fault.LOST) for at in steps]
        for script, at in (*((script, None) for script in (*_FAULTS, elsewhere)), *alone):
            await self._answer(*to)
            server.answering(script, at)
            await self._restart()
            await self._listen(self._still(), ROUND_SECONDS * ROUNDS)
            subject = f"a request for answers: {named(script)}"
            require(not server.strayed, "S33", subject, "a request at the other address")
            require(server.written < ENDLESS_BYTES, "S36", subject, "all of it was read")
            server.answering(None)
            await self._come("S48", f"an answer after {named(script)}")

    async def _answer(self, made: SampleTips, delivery: Delivery) -> None:
        answer = self._made_answer(made, delivery)
        self._expected.append((delivery.tip, answer))
        await self._say(answer)

    def _made_answer(self, made: SampleTips, delivery: Delivery) -> Answer:
        number, statuses = next(self._numbers), [*self._case.statuses]
        text, status = f"{_WORDS}{number}", statuses[number % len(statuses)]
        tip = made.plain(delivery)["number"].decode()
        return Answer(number=tip, destination=delivery.name, status=status, text=text, id=f"answer-{number}")

    async def _say(self, answer: Answer) -> None:
        if self._box is not None:
            self._box.waiting.append(answer)
            return
        said = self._case.answers(answer) if self._case.answers else None
        if inspect.isawaitable(said):
            await said

    async def _come(self, rule: str, subject: str) -> None:
        """Listen, also after restarts, until all answers came; check that each came once, as it is, to its tip."""
        await self._restart()
        wanted = [self._kept(tip, one.destination, one.status, one.text) for tip, one in self._expected]
        await self._until(lambda: len(self._posted()) >= len(wanted))
        self._check_visible(subject)
        posted = self._posted()
        left, found = list(posted), f"{len(posted)} of {len(wanted)} answers were posted{self._failed}"
        for one in wanted:
            own = [other for other in left if other[:2] == one[:2]]
            elsewhere = any(one[3] == other[3] for other in left if one[3])
            require(own or not elsewhere, "S45", subject, "it is at another tip, or another destination")
            require(own and (one in own or len(posted) >= len(wanted)), rule, subject, found)
            again = one not in own and len(posted) > len(wanted)
            require(not again, "S47", subject, "an answer that was posted before came again")
            require(one in own, "S46", subject, _difference(one, own))
            left.remove(one)
        given = all(one[3] in {other[3] for other in wanted} for one in left)
        require(given, "S45", subject, "an answer is posted to a tip that its destination has not")
        require(not left, "S47", subject, f"{len(left)} answers were posted once more")
        if rule == "S45":
            _check_order(wanted, posted, subject)

    def _posted(self) -> list[_Kept]:
        shown = [one for one in self._store.posted if not one.message.internal]
        return [self._kept(one.tip, Destination(one.to).name, one.message.status, one.message.text) for one in shown]

    def _kept(self, tip: str, to: str, status: Status | None, text: str) -> _Kept:
        """Return an answer's tip, destination, status and text; empty: what the office's answers lack."""
        omits = self._case.omits
        return tip, to, "" if "status" in omits else str(status), "" if "text" in omits else text

    def _check_visible(self, subject: str) -> None:
        said = {answer.text for _, answer in self._expected}
        for one in self._store.posted:
            require(one.message.sender == "desk", "S46", subject, 'its `sender` is not "desk"')
            asks = one.message.question == (one.message.status == "NEED_INFO" and bool(one.message.text))
            require(asks, "S46", subject, "a `NEED_INFO` is a question (`question=True`), and nothing else is")
            hidden = one.message.internal and one.message.text in said
            require(not hidden, "S46", subject, "it is `internal`: the tipster never sees it")


def _check_order(wanted: Sequence[_Kept], posted: Sequence[_Kept], subject: str) -> None:
    for to in {one[:2] for one in wanted}:
        said, heard = ([one[3] for one in some if one[:2] == to] for some in (wanted, posted))
        require(said == heard, "S46", subject, "they are in another order")


def _difference(one: _Kept, own: Sequence[_Kept]) -> str:
    for other in own:
        if other[3] == one[3]:
            return f"the status {other[2]} in place of {one[2]}"
    text = next((other[3] for other in own if other[2] == one[2]), own[0][3] if own else "")
    return f"the text is changed: {len(text)} characters for {len(one[3])}"
