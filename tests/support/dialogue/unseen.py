"""Scores labelled texts by what the whole dialogue does with them: `python -m support.dialogue.unseen FOLDER`.

Each text is sent at its question of the default flow, in a conversation that has reached the question. The format is
that of the corpus. The step `after` is a conversation that begins after a receipt.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import Session, Turn
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography
from support.dialogue.corpus import Utterance, read_corpus

_STORY: Final = "कपड़े की दुकान के पीछे लोग जुआ खेलते हैं"
TYPED: Final[dict[str, tuple[str, ...]]] = {
    "language": (),
    "category": ("Hi", "1"),
    "what": ("Hi", "1", "4"),
    "now": ("Hi", "1", "8", "लड़कियों को परेशान करने वाला गिरोह है"),
    "place": ("Hi", "1", "4", _STORY),
    "police": ("Hi", "1", "4", _STORY, "लंका"),
    "police_unit": ("Hi", "1", "4", _STORY, "लंका", "1"),
    "evidence": ("Hi", "1", "4", _STORY, "लंका", "2"),
    "review": ("Hi", "1", "4", _STORY, "लंका", "2", "छोड़ें"),
    "cancel": ("Hi", "1", "4", _STORY, "लंका", "रद्द"),
    "reach": ("Hi", "1", "4", _STORY, "लंका", "2", "छोड़ें", "भेजें"),
    "after": (),
}
"""Question → what a tipster types to come there."""
_PICKED: Final = {
    "police_who": ("police_unit", "1"), "when": ("review", "2", "1"), "when_date": ("when", "2"),
    "who": ("review", "2", "2"), "vehicle": ("review", "2", "3"), "how_often": ("review", "2", "4"),
    "danger": ("review", "2", "5"), "known_by": ("review", "2", "6"),
}  # fmt: skip
"""Question → the question before it, and what leads on from there."""
_MENUS: Final = {
    "@cancel": ("command:cancel", "command:forget"), "@restart": ("command:restart",), "@code": ("command:status",),
    "@language": ("command:language",), "@details": ("option:details",), "@change": ("option:change",),
    "@elsewhere": ("command:elsewhere",),
}  # fmt: skip
_LABELLED: Final = frozenset({"danger", "harmless"})
_OUTCOMES: Final = ("understood", "asked back", "wrong")
_SAID: Final = {"help": "command:help", "suggested": "unclear"}
_SAFE: Final = frozenset({"asked", "unclear"})
_HARMLESS: Final = frozenset({"command:help", "remark", "question", "refusal", "wait", "thanks", "danger"})
"""Results that only repeat the text: no answer was chosen, given or skipped."""


def conversation(engine: Engine, step: str) -> Chat:
    """Hold a conversation up to a question.

    Raises:
        AssertionError: the flow has changed, and the typed texts lead to another question.
    """
    chat = Chat(engine).say(*typed(step))
    expected = {"language": "", "after": "", "cancel": "@cancel", "reach": "@reach"}.get(step, step)
    if chat.step != expected:
        raise AssertionError(f"{step}: the conversation stands at {chat.step}")
    return chat


def typed(step: str) -> tuple[str, ...]:
    """Return the messages with which a tipster reaches a question."""
    before, *more = _PICKED.get(step, (step,))
    return (*(typed(before) if more else TYPED[step]), *more)


def done(chat: Chat, text: str) -> set[str]:
    """Send a text, and name everything that it was taken for, as the corpus names meanings."""
    before = chat.session
    chat.say(text)
    turn, after = chat.turns[-1], chat.session
    names = set(_acts(turn, before)) | set(_said(chat))
    old = before.answers if before else {}
    new = after.answers if after else {}
    for step, answer in new.items():
        if answer != old.get(step) and not step.startswith("@"):
            told = {f"option:{answer.value}", "content"} if answer.value is not None else {"passed"}
            names |= told if answer.source else set()
    if turn.post is not None:
        names.add("content")
    names |= set(_moved(before, after, names))
    if turn.prompt is not None and before is not None and after is not None and not names - _SAFE:
        names.add("asked")
    return names or {"asked"}


def _acts(turn: Turn, before: Session | None) -> Iterator[str]:
    if turn.submission:
        yield "option:send"
    if turn.open_mailbox:
        yield "command:status"
    if turn.reach is not None and before is not None and before.state == "@reach":
        yield from ("option:yes",) if turn.reach else ("option:no", "command:forget")
    elif turn.reach is False:
        yield "command:forget"
    if turn.erase:
        yield from ("option:yes", "command:cancel", "command:forget")


def _said(chat: Chat) -> Iterator[str]:
    for language in ("hi", "en"):
        texts = chat.engine._loaded.catalogues[language]
        keys = texts._texts
        for key in (key for key in keys if key.startswith(("reply.", "danger.", "help", "suggested"))):
            begin = texts.get(key).split("{")[0].strip()
            if len(begin) > 5 and begin in chat.text and not key.endswith((".sms", ".voice", ".web_form")):
                part = key.split(".")
                yield part[1] if part[0] == "reply" else _SAID.get(part[0], "danger")


def _moved(before: Session | None, after: Session | None, names: set[str]) -> Iterator[str]:
    if after is not None and (before is None or before.state != after.state):
        yield from _MENUS.get(after.state, ())
        if before is not None and before.state == "@cancel" and not after.state:
            yield "option:no"
            yield "command:back"
    if after is not None and before is None and after.language:
        yield f"option:{after.language}"
    if after is None or before is None:
        return
    if before.language and not after.language:
        yield "command:back"
    if after.language != before.language:
        yield f"option:{after.language}"
        yield "command:language"
    if len(after.answers) < len(before.answers):
        yield "command:back"
    if "passed" in names:
        yield from ("command:skip", "command:done", "refusal", "option:unknown")


def outcome(chat: Chat, one: Utterance) -> str:
    """Say whether a text was understood, asked back about, or taken for something else."""
    question = chat.step
    names = done(chat, one.text)
    if names & set(one.meant) or ("danger" in names and "danger" in one.meant):
        return "understood"
    if {"greeting", "unclear"} & set(one.meant) and not names - {"asked", "unclear", "remark"}:
        return "understood"
    if chat.step in {question, "@suggested"} and any(meant.startswith("option:") for meant in one.meant):
        names -= {"content", *(name for name in names if one.text in name)}  # kept, and the question is put again
    return "wrong" if names - _SAFE - _HARMLESS else "asked back"


def wrong_dangers(engine: Engine, utterances: Iterable[Utterance]) -> dict[str, float]:
    """Measure which share of cries is shown, and which share of other texts is shown and marked as urgent."""
    counts: Counter[str] = Counter()
    missed: list[str] = []
    for one in utterances:
        chat = Chat(engine).say(one.text)
        shown = "danger" in set(_said(chat))
        urgent = bool(chat.session and chat.session.dangers)
        kind = "ordinary" if one.step == "harmless" else "cry"
        counts[kind] += 1
        counts[f"{kind} shown"] += shown
        counts[f"{kind} urgent"] += urgent
        if (kind == "cry" and not shown) or (kind == "ordinary" and urgent):
            missed.append(f"{kind:9} {one.text}")
    for line in missed:
        click.echo(f"  {line}")
    return {name: counts[name] / (counts[name.split()[0]] or 1) for name in counts}


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--misses/--no-misses", default=False, help="List what was taken for something else.")
def main(folder: Path, *, misses: bool) -> None:
    """Score every labelled text of a folder."""
    source = default_flow()
    engine = Engine(load_flow(source), source.catalogues, Geography.sample())
    table: dict[str, Counter[str]] = defaultdict(Counter)
    utterances = list(read_corpus(folder))
    for one in (one for one in utterances if one.step not in _LABELLED):
        name = outcome(conversation(engine, one.step), one)
        table[one.step][name] += 1
        if misses and name == "wrong":
            again = conversation(engine, one.step)
            click.echo(f"  {one.step:11} {'/'.join(one.meant):28} {one.text}   {sorted(done(again, one.text))}")
    _print(table)
    for name, share in sorted(wrong_dangers(engine, (one for one in utterances if one.step in _LABELLED)).items()):
        click.echo(f"{name:20} {share:.3f}")


def _print(table: dict[str, Counter[str]]) -> None:
    for step, counts in [*sorted(table.items()), ("all", sum(table.values(), Counter()))]:
        total = counts.total() or 1
        shares = "  ".join(f"{name} {counts[name]:4} {counts[name] / total:6.1%}" for name in _OUTCOMES)
        click.echo(f"{step:12}{total:5}  {shares}")


if __name__ == "__main__":
    main()
