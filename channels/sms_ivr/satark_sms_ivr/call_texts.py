"""The texts of a call beside the dialogue's own, such as what each key does, in Hindi and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_HINDI: Final[Mapping[str, str]] = MappingProxyType({
    "choose": "{label}: {key} दबाएँ।",
    "more": "और विकल्पों के लिए 8 दबाएँ।",
    "skip": "यह सवाल छोड़ने के लिए 8 दबाएँ।",
    "done": "आगे बढ़ने के लिए 8 दबाएँ।",
    "less": "पिछले विकल्पों के लिए 9 दबाएँ।",
    "back": "पीछे जाने के लिए 9 दबाएँ।",
    "leave": "यहाँ से निकलने के लिए 9 दबाएँ।",
    "leave.code": "यहाँ से निकलने के लिए 9 और हैश दबाएँ।",
    "cancel": "सब मिटाने के लिए 9 दबाएँ।",
    "elsewhere": "इसे किसी और माध्यम पर जारी रखने के लिए 9 दबाएँ।",
    "clear": "यहाँ जो बोला, उसे मिटाने के लिए 7 दबाएँ।",
    "repeat": "दोबारा सुनने के लिए हैश दबाएँ।",
    "status": "पहले दी गई सूचना का जवाब सुनने के लिए 0 दबाएँ।",
    "speak": "बीप के बाद बोलें। पूरा होने पर हैश दबाएँ।",
    "again": "एक बार फिर सुनिए।",
    "message": "कोई बटन नहीं दबा। जो बताना है, बीप के बाद बोल दीजिए; वह सुरक्षित रखा जाएगा। पूरा होने पर हैश दबाएँ।",
    "bye": "फ़ोन करने के लिए धन्यवाद।",
    "down.record": "अभी बात आगे नहीं बढ़ सकती। जो बताना है, बीप के बाद बोल दीजिए; वह सुरक्षित रखा जाएगा। पूरा होने पर हैश दबाएँ।",
    "down.spooled": "आपका संदेश सुरक्षित रखा गया है। कृपया बाद में फिर फ़ोन करें। जान को ख़तरा हो तो अभी 112 पर फ़ोन करें।",
    "down.refused": "अभी आपकी बात नहीं ली जा सकती। कृपया बाद में फिर फ़ोन करें। जान को ख़तरा हो तो अभी 112 पर फ़ोन करें।",
})  # fmt: skip

_ENGLISH: Final[Mapping[str, str]] = MappingProxyType({
    "choose": "{label}: press {key}.",
    "more": "For more options press 8.",
    "skip": "To skip this question press 8.",
    "done": "To continue press 8.",
    "less": "For the previous options press 9.",
    "back": "To go back press 9.",
    "leave": "To close this press 9.",
    "leave.code": "To close this press 9 and hash.",
    "cancel": "To erase everything press 9.",
    "elsewhere": "To continue on another channel press 9.",
    "clear": "To erase what you said here press 7.",
    "repeat": "To hear this again press hash.",
    "status": "To hear the answer to an earlier report press 0.",
    "speak": "Speak after the beep. When you are done, press hash.",
    "again": "I will repeat that.",
    "message": "No key was pressed. Leave a message after the beep; it will be saved. When you are done, press hash.",
    "bye": "Thank you for calling.",
    "down.record": "We can't continue right now. Leave a message after the beep; it will be saved. Then press hash.",
    "down.spooled": "Your message is saved. Please call again later. If a life is in danger dial 112 now.",
    "down.refused": "We can't take your call now. Please call again later. If a life is in danger dial 112 now.",
})  # fmt: skip

CALL_LANGUAGES: Final = ("hi", "en")
"""The languages of these texts. While the database is down, callers hear each of them."""

_DEVANAGARI: Final = range(0x0900, 0x0980)


def call_text(language: str, key: str, /, **values: object) -> str:
    """Return a text in a language; in English for a language other than Hindi."""
    texts = _HINDI if language.partition("-")[0] == "hi" else _ENGLISH
    return texts[key].format(**values)


def fixed_call_texts(language: str) -> list[str]:
    """Return the texts of a language without variables."""
    return [text for text in (_HINDI if language == "hi" else _ENGLISH).values() if "{" not in text]


def language_of(text: str, otherwise: str) -> str:
    """Return the language in which to read a line, judged by its script; `otherwise` where it has no letters."""
    return next((language for language in CALL_LANGUAGES if is_written_in(text, language)), otherwise)


def is_written_in(text: str, language: str) -> bool:
    """Whether a line has letters of a language's script."""
    if language.partition("-")[0] == "hi":
        return any(ord(char) in _DEVANAGARI for char in text)
    return any(char.isascii() and char.isalpha() for char in text)
