"""How long a person who doesn't read listens in a chat, from the first word to the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from satark.api.prompt import Capabilities, VoiceNote, clip_name
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.chat_voice_notes import ReadAloud, every_phrase
from satark.dialogue.rendering.fit import fit
from satark.speech.ogg_opus import read_packets, seconds
from satark.speech.voice_notes import PAUSE, VoiceNotes, fill_folder
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography

SOURCE: Final = default_flow()
ENGINE: Final = Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample())
LINES: Final = {clip_name(*line): line for line in every_phrase(SOURCE.catalogues, Geography.sample())}
READ_ALOUD: Final = ReadAloud(SOURCE.catalogues, Geography.sample(), lambda: LINES.keys() | {PAUSE})
MEDIA: Final = {
    "whatsapp": Capabilities(
        kind="chat", text=4096, body=1024, buttons=3, button_label=20, rows=10, row_label=24, row_description=72,
        menu_label=20, token=200, voice_notes=True,
    ),
    "telegram": Capabilities(
        kind="chat", text=4096, body=4096, buttons=100, button_label=64, token=64, unit="utf16", voice_notes=True
    ),
}  # fmt: skip
CHARACTERS: Final = {"category": 260, "@reach": 260, "all": 1050}
"""Prompt → the most characters that its voice note speaks; `all`: those of the whole conversation."""
SECONDS: Final = {"category": 25, "@reach": 30, "all": 150}
ANSWERS: Final = ("no", "unknown", "send", "@done", "@skip")


def heard(language: str, category: str, channel: str = "whatsapp") -> Mapping[str, VoiceNote]:
    """Tell a tip by voice notes and taps; return the spoken words at each question, the receipt's at `@reach`."""
    chat = Chat(ENGINE, channel, speaks=True).send("voice")
    notes = {}
    while not chat.submission:
        notes[chat.step] = spoken(chat)
        offered = [*chat.offered(), *(action.token.split(":")[1] for action in chat.prompt.actions)]
        tapped = next((one for one in (language, category, *ANSWERS) if one in offered), "")
        chat.tap(tapped) if tapped else chat.send("voice")
    return {**notes, chat.step: spoken(chat)}


def spoken(chat: Chat) -> VoiceNote:
    note = READ_ALOUD.fit(chat.prompt, MEDIA[chat.channel], fit).spoken
    assert note
    return note


def characters(note: VoiceNote) -> int:
    return sum(len(LINES[part][1]) for part in note.parts if isinstance(part, str) and part != PAUSE)


@pytest.mark.parametrize("channel", MEDIA)
@pytest.mark.parametrize("language", ["hi", "en"])
def test_a_voice_note_is_short(language: str, channel: str) -> None:
    said = {step: characters(note) for step, note in heard(language, "INTOX", channel).items()}
    said["all"] = sum(said.values())
    assert not {step: said[step] for step, most in CHARACTERS.items() if said[step] > most}


def test_the_way_to_choose_is_explained_once() -> None:
    how = {clip_name(each.language, each.text("aloud.choose")) for each in SOURCE.catalogues}
    assert [step for step, note in heard("hi", "INTOX").items() if how & set(note.parts)] == ["@language"]


def test_the_digits_of_the_code_are_said_once() -> None:
    parts = heard("hi", "INTOX")["@reach"].parts
    digits = {clip_name("hi", str(digit)): str(digit) for digit in range(10)}
    assert "".join(digits.get(str(part), "") for part in parts[:-6]) == "8391446070125538"


@pytest.mark.full("espeak-ng renders the clips of a conversation")
@pytest.mark.needs("espeak-ng")
@pytest.mark.parametrize("channel", MEDIA)
@pytest.mark.parametrize("category", ["INTOX", "HEIN"])
def test_a_hindi_speaker_listens_for_at_most_150_seconds(category: str, channel: str, tmp_path: Path) -> None:
    notes = heard("hi", category, channel)
    names = {str(part) for note in notes.values() for part in note.parts} - {PAUSE}
    assert not fill_folder({name: LINES[name] for name in names}, tmp_path, None).missing
    join = VoiceNotes(tmp_path).make
    lasts = {step: seconds(read_packets(join(note))) for step, note in notes.items()}
    lasts["all"] = sum(lasts.values())
    assert not {step: lasts[step] for step, most in SECONDS.items() if lasts[step] > most}
