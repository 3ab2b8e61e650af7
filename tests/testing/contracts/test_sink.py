"""The kit checks sinks that read tips as well as sinks that only pass them on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from satark.api.sealing import CantOpen, new_identity, open_envelope, open_tip
from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done
from satark_testing.contracts.sink import KINDS, WORDS, BrokenRule, SinkCase, check_sink, written


class ReadingSink:
    """A small, complete sink that reads tips. Each test breaks one part of it."""

    name = "screen"
    declared: Mapping[str, Any] = {"omits": KINDS}
    """The text in its case."""

    def __init__(self) -> None:
        self.recipient, self._identity = new_identity()
        self.content: dict[str, object] = {}

    def reads(self, name: str) -> bool:
        return True

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        if delivery.kind != "tip":
            return DeadLetter("a screen accepts no alarms")
        return self.show(delivery)

    def show(self, delivery: Delivery) -> DeliveryResult:
        try:
            envelope = open_envelope(delivery.envelope, self._identity, tip=delivery.tip, desk=delivery.destination)
        except CantOpen:
            return DeadLetter("another key")
        self.content[delivery.tip] = (delivery.revision, open_tip(delivery.document, envelope).answers["what"])
        return Done()


def case(sink: ReadingSink, folder: Path) -> SinkCase:
    def held() -> dict[str, object]:
        return dict(sink.content)

    more = sink.declared
    return SinkCase(sink=sink, folder=folder, held=held, recipient=sink.recipient, **more)


@pytest.mark.slow("the contract's checks")
async def test_a_correct_reading_sink_passes_and_has_read_every_tip(tmp_path: Path) -> None:
    sink = ReadingSink()
    await check_sink(case(sink, tmp_path))
    assert len(sink.content) > 2
    assert all(WORDS in str(content) for content in sink.content.values())


class Printing(ReadingSink):
    def show(self, delivery: Delivery) -> DeliveryResult:
        result = super().show(delivery)
        print(self.content.get(delivery.tip))  # noqa: T201 - this is what must be noticed
        return result


class OpensAnything(ReadingSink):
    def show(self, delivery: Delivery) -> DeliveryResult:
        self.content[delivery.tip] = delivery.revision
        return Done()


class Quoting(ReadingSink):
    def show(self, delivery: Delivery) -> DeliveryResult:
        done = super().show(delivery)
        return done if delivery.messages else DeadLetter(f"no message: {self.content[delivery.tip]}")


@pytest.mark.full("a whole contract for each fault")
@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (Printing, "S12 nothing printed, logged or warned of shows a tip"),
        (OpensAnything, "S16 a sink opens only the tips that are sealed to its key"),
        (Quoting, "S10 a reason names no person, file or word of a tip"),
    ],
)
async def test_a_reading_sink_that_reveals_a_tip_is_detected(
    tmp_path: Path, broken: type[ReadingSink], rule: str
) -> None:
    with pytest.raises(BrokenRule, match=rule):
        await check_sink(case(broken(), tmp_path))


class TellsInTheDestination(ReadingSink):
    """A sink that claims to read nothing."""

    def reads(self, name: str) -> bool:
        return False


@pytest.mark.slow("the contract's checks")
async def test_words_of_a_tip_shown_by_a_sink_without_a_key_are_detected(tmp_path: Path) -> None:
    with pytest.raises(BrokenRule, match="S17 a sink without a key shows no word of a tip"):
        await check_sink(case(TellsInTheDestination(), tmp_path))


def unpack(held: Any) -> dict[str, bytes]:
    return {name: str(part).encode() for name, part in held.items()}


ON_DISK = "/var/tmp"  # noqa: S108 - tests may have their own folder in memory, where a word may stand
"""A folder in no memory."""


class Showing(ReadingSink):
    """A sink that shows what the tipster answered."""

    declared: Mapping[str, Any] = {"unpack": unpack, "omits": KINDS - {"number", "answer", "revision"}}

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        await asyncio.sleep(0)
        return await super().deliver(delivery)

    def show(self, delivery: Delivery) -> DeliveryResult:
        try:
            envelope = open_envelope(delivery.envelope, self._identity, tip=delivery.tip, desk=delivery.destination)
        except CantOpen:
            return DeadLetter("another key")
        tip = open_tip(delivery.document, envelope)
        parts = {"number": tip.number} | {f"answer {step}": written(value) for step, value in tip.answers.items()}
        self.content[delivery.tip] = self.shown(parts | {"revision": delivery.revision})
        return Done()

    def shown(self, parts: dict[str, object]) -> object:
        return parts


@pytest.mark.slow("the contract's checks")
async def test_a_sink_that_shows_every_answer_passes(tmp_path: Path) -> None:
    await check_sink(case(Showing(), tmp_path))


class Trimming(Showing):
    def shown(self, parts: dict[str, object]) -> object:
        return {name: str(part).strip() for name, part in parts.items()}


class Forgetful(Showing):
    def shown(self, parts: dict[str, object]) -> object:
        return {**parts, "revision": 1, "seen": parts["revision"]}


class Talkative(Showing):
    def shown(self, parts: dict[str, object]) -> object:
        return {**parts, "message 7": "nobody wrote it"}


class Undeclared(Showing):
    declared: Mapping[str, Any] = {"omits": KINDS - {"answer"}}


class Mixing(Showing):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        self.delivery = delivery
        await asyncio.sleep(0)
        return await super().deliver(self.delivery)


class Deaf(Showing):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        try:
            return await super().deliver(delivery)
        except asyncio.CancelledError:
            return Done()


class Jotting(Showing):
    """A sink that keeps a tip in a file of its own."""

    folder = Path()

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        result = await super().deliver(delivery)
        await asyncio.to_thread((self.folder / "note").write_text, str(self.content))
        return result


@pytest.mark.full("a whole contract for each fault")
@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (Trimming, "S23 a destination that reads shows each text as it is"),
        (Forgetful, "S41 a destination gets what the tip itself is about"),
        (Talkative, "S23 a destination that reads shows each text as it is"),
        (Mixing, "S24 deliveries made at once do not mix"),
        (Deaf, "S25 a cancelled delivery ends cancelled"),
        (Jotting, "S26 a sink that reads leaves no word of a tip on this machine"),
        (Undeclared, "S27 the case of a sink that reads says what its destination shows"),
    ],
)
async def test_a_reading_sink_that_shows_another_tip_is_detected(
    tmp_path: Path, broken: type[Showing], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory(dir=ON_DISK) as folder:
        monkeypatch.setattr(Jotting, "folder", Path(folder))
        with pytest.raises(BrokenRule, match=rule):
            await check_sink(case(broken(), tmp_path))
