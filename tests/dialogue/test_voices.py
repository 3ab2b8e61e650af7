"""The questions whose voice a file has, and whether a film keeps its sound, are answered for each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import pytest

from satark.api.inbound import Edited, Event, FormPage, Media, MediaKind, MediaRef, Tap, Text
from satark.api.prompt import Prompt
from satark.api.tip import Evidence, Tip
from satark.dialogue.engine import Engine
from satark.dialogue.session import Mailbox, OpenMailbox, Session
from satark.evidence.own_voice import as_passed_on, is_muted, is_own_voice
from satark_testing.dialogue.chat import NOW, Chat
from support.dialogue.walks import at_evidence, at_review

WHOSE, SOUND = "whose_voice", "film_sound"
GIVES: Final = {WHOSE: "other", SOUND: "keep"}
KEEPS: Final = {WHOSE: "own", SOUND: "remove"}


def media(kind: MediaKind, mime: str = "") -> Media:
    return Media(MediaRef(account="test:1", id="m", mime=mime), kind)


def page(step: str, *parts: Text | Tap | Media) -> FormPage:
    return FormPage(tuple((step, part) for part in parts), "en")


# How a voice can arrive: the channel, what is sent, and the question that is asked about it. SMS carries no voice.
MEDIA_EVENTS: Final[dict[str, tuple[str, Event, str]]] = {
    "WhatsApp voice note, also forwarded": ("whatsapp", media("voice", "audio/ogg; codecs=opus"), WHOSE),
    "WhatsApp audio file, also forwarded": ("whatsapp", media("audio", "audio/mpeg"), WHOSE),
    "WhatsApp film": ("whatsapp", media("video", "video/mp4"), SOUND),
    "sound sent as a document": ("whatsapp", media("document", "audio/mp4"), WHOSE),
    "film sent as a document": ("whatsapp", media("document", "video/quicktime"), SOUND),
    "document of an unknown type": ("whatsapp", media("document", "application/octet-stream"), ""),
    "ZIP": ("whatsapp", media("document", "application/zip"), ""),
    "mail": ("whatsapp", media("document", "message/rfc822"), ""),
    "sound or film sent as a picture": ("whatsapp", media("image", "image/jpeg"), ""),
    "Telegram voice message": ("telegram", media("voice", "audio/ogg"), WHOSE),
    "Telegram audio": ("telegram", media("audio", "audio/mpeg"), WHOSE),
    "Telegram film or video note": ("telegram", media("video", "video/mp4"), SOUND),
    "Telegram sound sent as a document": ("telegram", media("document", "audio/x-wav"), WHOSE),
    "Telegram film sent as a document": ("telegram", media("document", "video/mp4"), SOUND),
    "MMS sound": ("sms", media("audio", "audio/amr"), WHOSE),
    "MMS film": ("sms", media("video", "video/3gpp"), SOUND),
    "form recorder": ("web_form", page("evidence", media("voice")), WHOSE),
    "form upload of sound": ("web_form", page("evidence", media("audio")), WHOSE),
    "form upload of a film": ("web_form", page("evidence", media("video")), SOUND),
    "form upload of another file": ("web_form", page("evidence", media("document")), ""),
    "form upload beside the answer about an earlier one": (
        "web_form", page(WHOSE, media("audio"), Tap("other"), Tap("other#1")), WHOSE,
    ),
    "phone call": ("voice", media("voice", "audio/wav"), ""),
}  # fmt: skip

EARLIER: Final[dict[str, tuple[str, ...]]] = {
    "no earlier file": (),
    "recording, left unanswered": ("audio", WHOSE, ""),
    "recording, one's own": ("audio", WHOSE, "own"),
    "recording, somebody else's": ("audio", WHOSE, "other"),
    "film, left unanswered": ("video", SOUND, ""),
    "film without its sound": ("video", SOUND, "remove"),
    "film with its sound": ("video", SOUND, "keep"),
}  # fmt: skip
"""The earlier file, the question about it, and its answer."""


def answered(engine: Engine, channel: str, earlier: tuple[str, ...]) -> Chat:
    """Continue on a channel a draft with an earlier file, about which this was answered."""
    chat = Chat(engine, channel=channel)
    chat.session, prompts = _draft(engine, channel, earlier)
    chat.prompts = [*prompts]
    return chat


@cache
def _draft(engine: Engine, channel: str, earlier: tuple[str, ...]) -> tuple[Session, list[Prompt]]:
    chat = Chat(engine, channel="whatsapp" if channel in {"voice", "sms"} else channel)
    if not earlier:
        at_review(chat)
    else:
        kind, question, answer = earlier
        at_evidence(chat).hear(media(kind)).say("done")  # type: ignore[arg-type] # a row of the table
        assert chat.step == question
        chat.tap(answer or "@skip")
    assert chat.step == "review"
    assert chat.session is not None
    if chat.channel != channel:  # as a handoff code brings it to a call or a text message
        resumed = engine.resume(Chat(engine, channel=channel).say("Hi").session or chat.session, chat.session, NOW)
        assert resumed.session
        assert resumed.prompt
        return resumed.session, [resumed.prompt]
    return chat.session, chat.prompts[-1:]


def sent(chat: Chat) -> Tip:
    """Send the tip without answering questions about files; return the tip as desks get it."""
    while chat.step in {WHOSE, SOUND}:
        chat.say("skip")
    if "send" in chat.offered():
        chat.tap("send")
    made = chat.submission
    assert made is not None
    return Tip(
        number="AAAA-2345", revision=1, flow="0" * 64, language="hi", channel="chat", category="arms", received="",
        answers=made.answers, meanings=made.meanings, evidence=made.evidence, consents=made.consents,
    )  # fmt: skip


def is_protected(tip: Tip, ordinal: str, kind: str) -> bool:
    """Whether officers get the file disguised if it turns out to be sound, and muted if it turns out to be a film."""
    seen = Evidence(
        ordinal=ordinal, role="evidence", kind=kind, mime="video/mp4", bytes=9, sha256="0" * 64,  # type: ignore[arg-type]
        clean_mime="video/mp4", clean_bytes=8, clean_sha256="c" * 64, muted_bytes=5, muted_sha256="d" * 64,
    )  # fmt: skip
    heard = Evidence(
        ordinal=ordinal, role="evidence", kind=kind, mime="audio/mpeg", bytes=9, sha256="0" * 64,  # type: ignore[arg-type]
        clean_mime="audio/mpeg", clean_bytes=8, clean_sha256="c" * 64,
    )  # fmt: skip
    return is_own_voice(heard, tip) and is_muted(as_passed_on(seen, tip))


def gives(earlier: tuple[str, ...]) -> bool:
    return bool(earlier) and earlier[2] in GIVES.values()


@pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER)
@pytest.mark.parametrize(("channel", "event", "asked"), MEDIA_EVENTS.values(), ids=MEDIA_EVENTS)
def test_no_answer_about_an_earlier_file_gives_a_later_voice_away(
    engine: Engine, channel: str, event: Event, asked: str, earlier: tuple[str, ...]
) -> None:
    chat = answered(engine, channel, earlier).hear(event)
    later = "2" if earlier else "1"
    assert chat.session is not None
    assert [file.ordinal for file in chat.session.files][-1] == later
    assert chat.step == (asked or "review")
    tip = sent(chat)
    assert is_protected(tip, later, "audio")
    assert not earlier or is_protected(tip, "1", "audio") is not gives(earlier)


@pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER)
@pytest.mark.parametrize("answer", [GIVES, KEEPS], ids=["gives", "keeps"])
@pytest.mark.parametrize("media_event", [name for name, (_, _, asked) in MEDIA_EVENTS.items() if asked])
def test_an_answer_about_one_file_changes_no_earlier_answer(
    engine: Engine, media_event: str, answer: Mapping[str, str], earlier: tuple[str, ...]
) -> None:
    channel, event, asked = MEDIA_EVENTS[media_event]
    chat = answered(engine, channel, earlier).hear(event)
    code = answer[asked]
    if channel == "web_form":
        options = next(one.options for one in engine.form(chat.session, NOW).questions if one.step == asked)  # type: ignore[arg-type]
        chat.hear(page(asked, Tap(next(one.code for one in options if one.code.startswith(code)))))
    else:
        chat.tap(code)
    tip = sent(chat)
    assert tip.consents["2" if earlier else "1"] == code
    assert tip.consents.get("1", "") == (earlier[2] if earlier else code)


def late_ways(chat: Chat) -> dict[str, Callable[[], object]]:
    """Ways to answer about the first recording once a second one has come, by what the question before showed."""
    old = next(one for prompt in chat.prompts for one in prompt.choices if one.token.startswith(f"{WHOSE}:other"))
    return {
        "an old button": lambda: chat.hear(Tap(old.token, old.label)),
        "an edited answer": lambda: chat.hear(Edited("first", "somebody else's")),
        "an old page": lambda: chat.hear(page(WHOSE, Tap("other#1"))),
        "a page that names no file": lambda: chat.hear(page(WHOSE, Tap("other"))),
    }


@pytest.mark.parametrize("way", ["an old button", "an edited answer", "an old page", "a page that names no file"])
@pytest.mark.parametrize("first", ["own", ""])
def test_a_late_answer_about_one_recording_gives_no_later_recording_away(engine: Engine, way: str, first: str) -> None:
    chat = at_evidence(Chat(engine)).hear(media("audio")).say("done")
    if first:
        chat.hear(Text("mine"), "first")
    chat.hear(media("voice"))
    late_ways(chat)[way]()
    assert is_protected(sent(chat), "2", "voice")


def test_files_sent_together_are_asked_about_together_and_named_if_there_are_others(engine: Engine) -> None:
    chat = at_evidence(Chat(engine)).send("image").send("voice").send("audio").say("done")
    assert "About file 2, 3:" in chat.text
    chat.tap("other").send("voice")
    assert "About file 4:" in chat.text
    assert dict(sent(chat.tap("own")).consents) == {"2": "other", "3": "other", "4": "own"}


def test_no_voice_is_disclosed_after_the_tipster_withdraws_or_deletes_the_answer(engine: Engine) -> None:
    chat = at_evidence(Chat(engine)).send("audio").say("done").tap("other").say("back")
    assert chat.step == WHOSE
    assert is_protected(sent(chat), "1", "audio")
    chat = at_evidence(Chat(engine)).send("audio").say("done").hear(Text("somebody else's"), "first").revoke("first")
    assert chat.step == WHOSE
    assert is_protected(sent(chat), "1", "audio")


@pytest.mark.parametrize("words", ["not mine I think", "no", "haan", "kisi aur ki hogi shayad", "ok"])
def test_no_guess_gives_a_voice_away(engine: Engine, words: str) -> None:
    chat = at_evidence(Chat(engine)).send("voice").say("done", words)
    assert is_protected(sent(chat), "1", "voice")


CODE: Final = "8391446070125538"


def after_sending(engine: Engine, channel: str, earlier: tuple[str, ...], way: str) -> tuple[Chat, Tip]:
    """Send a tip with an earlier file and its answer; return the chat in which more can be sent, and the tip."""
    chat = answered(engine, channel, earlier)
    tip = sent(chat)
    if way == "at once":
        return chat, tip
    count = len(tip.evidence)
    box = OpenMailbox(tip=tip.number, number=tip.number, recipient="age1", files=count, last_ordinal=count)
    later = Chat(engine, channel, mailbox=Mailbox(open=box, language="en", messages=()))
    return later.hear(Text(CODE)), tip


@pytest.mark.parametrize("way", ["at once", "with the receipt's code"])
@pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER)
def test_files_after_the_sending_are_protected_whatever_was_answered_before(
    engine: Engine, earlier: tuple[str, ...], way: str
) -> None:
    for name, (channel, event, _) in MEDIA_EVENTS.items():
        chat, tip = after_sending(engine, channel, earlier, way)
        if not isinstance(event, FormPage) or way != "at once":  # a page of a form that was sent takes nothing more
            in_mailbox = (
                [part for _, part in event.answers if isinstance(part, Media)] if isinstance(event, FormPage) else ()
            )
            chat.hear(page("@mailbox", *in_mailbox) if in_mailbox else event)
            later = "2" if earlier else "1"
            assert [job.ordinal for job in chat.turn.media_jobs] == [later], name
            assert is_protected(tip, later, "audio"), name


@pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER)
def test_a_spoken_answer_is_protected_whatever_was_answered_about_files(
    engine: Engine, earlier: tuple[str, ...]
) -> None:
    chat = answered(engine, "whatsapp", earlier).tap("change", "what").hear(media("voice", "audio/ogg"))
    assert chat.step == "review"
    later = "2" if earlier else "1"
    assert is_protected(sent(chat), later, "voice")
