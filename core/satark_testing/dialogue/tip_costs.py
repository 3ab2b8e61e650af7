"""Counts the costs of one tip: the tipster's answers, and the service's messages and segments.

A tip is told by taps, question by question, or as a story in the first message: then only what is missing is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Final, Literal, TypeAlias

import click
import msgspec

from satark.api.inbound import Event, Media, MediaRef, Tap, Text
from satark.api.prompt import NEXT_PAGE, Prompt
from satark.dialogue.engine import Engine
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import configured_flow, default_flow, load_flow
from satark.runtime.command_host import plugins_of, settings_of
from satark_files.decoding import DECODING_ERRORS
from satark_sms_ivr.segments import count_segments, fit_to_sms, split_into_pages
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography

Road: TypeAlias = Literal["taps", "story", "call"]
"""How a tip is told: by taps, question by question; as a story in the first message; by keys in a phone call."""

TIPS: Final[Mapping[str, Mapping[str, str]]] = msgspec.yaml.decode(
    (files("satark_testing.dialogue") / "tip_costs.yaml").read_bytes(), type=dict[str, dict[str, str]]
)
"""Language and script → what a tipster writes at each question. The tip is the same in each language."""
_NUMBERS: Final = {"category": "6", "police": "2", "review": "1", "@reach": "1"}
_MOST_ANSWERS: Final = 20


class TipCosts(msgspec.Struct):
    """The counts for one tip, from "Hi" to the last message."""

    answers: int = 0
    """Number of the tipster's answers from "Hi" to the receipt. A story in the first message counts as one."""
    incoming: int = 0
    """Messages that the tipster sent."""
    outgoing: int = 0
    """Messages that the service sent."""
    segments: int = 0
    """Segments of all outgoing messages on SMS; 0 on other channels."""


CHANNELS: Final[Mapping[Road, tuple[str, ...]]] = {
    "taps": ("whatsapp", "telegram", "sms", "web_form"),
    "story": ("whatsapp", "telegram", "sms"),
    "call": ("voice",),
}


def every_cost(engine: Engine | None = None) -> Iterator[tuple[Road, str, str, TipCosts]]:
    """Yield road, channel, language and script, and costs of a tip, for each channel on which the road is possible.

    A road that leads to no end of the questionnaire is left out. `engine`: as for `tip_costs`.
    """
    engine = engine or _shipped()
    for (road, channels), written in product(CHANNELS.items(), TIPS):
        for channel in channels if _language(written) in engine.flow.languages else ():
            if channel in {"sms", "whatsapp", "telegram"} or written != "hi-Latn":
                with suppress(LookupError):
                    yield road, channel, written, tip_costs(channel, written, road, engine)


def tip_costs(channel: str, written: str, road: Road = "taps", engine: Engine | None = None) -> TipCosts:
    """Answer the questionnaire by the shortest path of a tipster who is asked every question, and count.

    Args:
        channel: the channel's name, such as `sms`.
        written: language and script, a key of `TIPS`.
        road: how the tip is told.
        engine: walks the questionnaire; None: the one that comes with Satark.

    Raises:
        LookupError: the questionnaire does not end after the most answers.
    """
    chat = Chat(engine or _shipped(), channel)
    counted = _Counter(channel)
    number = list(chat.engine.flow.languages).index(_language(written)) + 1
    answers = {**_NUMBERS, **TIPS[written], "@language": str(number)}
    counted.hear(chat, Text(answers["story"] if road == "story" else "Hi"))
    counted.costs.answers = int(road == "story")
    for _ in range(_MOST_ANSWERS):
        if chat.session is None:
            return counted.costs
        if counted.next_page is None and not chat.session.submitted:
            counted.costs.answers += 1
        counted.hear(chat, counted.next_page or _answer(chat, answers, road))
    raise LookupError(f"no end after {_MOST_ANSWERS} answers, at {chat.step}")


def _shipped() -> Engine:
    source = default_flow()
    return Engine(load_flow(source), source.catalogues, Geography.sample())


def _language(written: str) -> str:
    return written.partition("-")[0]


def _answer(chat: Chat, answers: Mapping[str, str], road: Road) -> Event:
    """Answer a question. In an unknown questionnaire, answer with one of the choices or with the story."""
    step, last = chat.step, len(chat.prompt.choices)
    if road == "call" and step in {"what", "place"}:
        return Media(MediaRef(account="call:1", id=step), "voice", "")
    answer = answers.get(step) or ("1" if last else answers["what"])
    return Text(str(min(int(answer), last)) if last and answer.isdecimal() else answer)


class _Counter:
    """Shows each prompt as its channel does, and counts the messages."""

    def __init__(self, channel: str) -> None:
        self.costs = TipCosts()
        self.next_page: Event | None = None
        """The event that turns the page; None if the current page shows all choices."""
        self._is_sms = channel == "sms"

    def hear(self, chat: Chat, event: Event) -> None:
        """Pass an event to a chat and count the messages that it causes."""
        before = len(chat.prompts)
        chat.hear(event)
        texts = [text for prompt in chat.prompts[before:] for text in self._shown(prompt)]
        self.costs.incoming += 1
        self.costs.outgoing += len(texts)
        self.costs.segments += sum(map(count_segments, texts)) if self._is_sms else 0

    def _shown(self, prompt: Prompt) -> list[str]:
        if not self._is_sms:
            return [prompt.text]
        page = fit_to_sms(prompt)
        last = not prompt.choices or f"{len(prompt.choices)} {prompt.choices[-1].label}" in page.text
        self.next_page = None if last or prompt.must_arrive else Tap(NEXT_PAGE)
        return list(split_into_pages(page.text))


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a channel's provider charges, in the currency of the file."""

    message: float = 0.0
    """Price per outgoing message."""
    free: int = 0
    """Messages that cost nothing each month."""
    segment: float = 0.0
    """Price per segment of a text message."""
    tip: float = 0.0
    """Price per tip, such as the minutes of a call."""


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file of rates."""

    currency: str
    channels: Mapping[str, Rate]


class Line(msgspec.Struct, frozen=True):
    """One line of the output: what one tip costs."""

    channel: str
    language: str
    road: str
    """How the tip was told: `taps`, question by question; `story`, in the first message; or `call`."""
    messages: int
    """Outgoing messages per tip."""
    segments: int
    """Segments of these messages; 0 if the channel has no segments."""
    price: float | None = None
    """The price in the currency of the rates; None if the channel has no rate."""


@click.command()
@click.option("--rates", "file", type=_FILE, help="TOML file of rates.")
@click.option("--tips", type=click.IntRange(min=1), help="Tips a month, by which free messages count.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def cost(ctx: click.Context, file: Path | None, tips: int | None, *, as_json: bool) -> None:
    """Show how many outgoing messages and SMS segments a tip needs, by channel and language, and their price.

    They are counted by walking through the questionnaire from "Hi" to the last word. docs/operations.md shows the
    rates. What a running service sends for each tip, its metrics tell: satark_sends_total by satark_tips_total.
    """
    rates = _read_rates(file) if file else Rates("", {})
    lines = [_priced(line, rates, tips) for line in _walked(ctx)]
    for text in (msgspec.json.encode(line).decode() for line in lines) if as_json else _table(lines, rates.currency):
        click.echo(text)


def _read_rates(file: Path) -> Rates:
    try:
        return msgspec.toml.decode(file.read_bytes(), type=Rates)
    except DECODING_ERRORS as error:
        raise click.ClickException(f"{file}: {error}") from None


def _walked(ctx: click.Context) -> list[Line]:
    core, plugins = settings_of(ctx).core, plugins_of(ctx)
    try:
        source = configured_flow(core.flow, core.languages)
        flow = load_flow(source, plugins.step_types(), plugins.validators())
    except FlowError as error:
        raise click.ClickException(str(error)) from error
    costs = every_cost(Engine(flow, source.catalogues, Geography.sample()))
    return [Line(channel, language, road, taken.outgoing, taken.segments) for road, channel, language, taken in costs]


def _priced(line: Line, rates: Rates, tips: int | None) -> Line:
    """Add the price of a tip. Without the number of tips a month no message is free."""
    rate = rates.channels.get(line.channel)
    if rate is None:
        return line
    paid = max(0.0, line.messages - (rate.free / tips if tips else 0))
    price = paid * rate.message + line.segments * rate.segment + rate.tip
    return msgspec.structs.replace(line, price=round(price, 4))


def _table(lines: Sequence[Line], currency: str) -> list[str]:
    rows: list[tuple[str, ...]] = [("channel", "language", "told by", "messages", "segments", currency or "price")]
    rows += [_row(line) for line in lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _row(line: Line) -> tuple[str, ...]:
    price = "-" if line.price is None else f"{line.price:.2f}"
    segments = str(line.segments) if line.segments else "-"
    return line.channel, line.language, line.road, str(line.messages), segments, price
