"""Commands are recognised in every spelling of the catalogues, as whole messages only."""

from __future__ import annotations

from satark.dialogue.flow.command_words import CommandWords
from satark_words.catalogues import Catalogues
from satark_words.tokens import fold
from support.loops import every_row

WORDS = CommandWords(Catalogues.of("satark.dialogue"))

SPELLINGS = {
    "help": "मदद, मद्दद, सहायता, help, madad, madat, ?",
    "back": "पीछे, पिछे, पीछे जाएँ, वापस, back, piche, peeche, wapas",
    "skip": "छोड़ें, छोडें, छोड़े, छोड़ दें, आगे, skip, chhode, chode, chhodo",
    "cancel": "रद्द करें, रद्द, कैंसिल, बंद करो, cancel, radd, stop, band karo",
    "done": "हो गया, पूरा, बस, ख़त्म, done, ho gaya, hogya, bas",
    "restart": "नई सूचना, शुरू से, दोबारा, नमस्ते, hi, hello, start, restart, shuru",
    "status": "स्थिति, स्टेटस, मेरी सूचना, status, sthiti, kya hua",
    "reply": "जवाब, जवाब दें, reply, jawab, javab",
    "repeat": "दोबारा बताएँ, फिर से बोलें, repeat, phir se",
    "edit": "बदलें, सुधारें, ठीक करें, edit, badle, sudhar",
    "yes": "हाँ, हां, जी, yes, y, han, haan",
    "no": "नहीं, ना, no, n, nahi, nahin",
    "unknown": "नहीं पता, पता नहीं, मालूम नहीं, pata nahi, na pata, don't know, DONT KNOW",
    "delete": "मिटाएँ, हटाएँ, delete, mitao, hatao",
    "forget": "नंबर मिटाएँ, भूल जाओ, number mitao, Erase my number, forget, Forget me",
    "language": "भाषा, language, bhasha",
}

ROWS = [(word.strip(), command) for command, words in SPELLINGS.items() for word in words.split(",")]


@every_row("typed, command", ROWS)
@every_row("shape", ["{}", " {} ", "{}।", "{}!", "\u200d{}\u200c"])
def test_every_spelling_is_recognised(typed: str, command: str, shape: str) -> None:
    assert WORDS.command(fold(shape.format(typed))) == command


@every_row("typed", ["HELP", "Help.", "हिंदी मदद", "helpless", "backward", "no one knows", ""])
def test_only_whole_messages_are_commands(typed: str) -> None:
    assert WORDS.command(fold(typed)) == ("help" if typed in {"HELP", "Help."} else "")


@every_row(
    "typed, language",
    [("हिन्दी", "hi"), ("हिंदी", "hi"), ("हिन्दि", "hi"), ("hindi", "hi"), ("English", "en"), ("अंग्रेज़ी", "en"),
     ("अंग्रेजी", "en"), ("इंग्लिश", "en"), ("angrezi", "en"), ("eng", "en")],
)  # fmt: skip
def test_languages_are_recognised_by_their_names(typed: str, language: str) -> None:
    assert WORDS.language(fold(typed)) == language
