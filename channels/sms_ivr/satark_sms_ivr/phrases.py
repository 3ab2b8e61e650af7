"""What a phone says around the dialogue's own words: which key does what. Hindi and English; others hear English."""

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
    "elsewhere": "इसे फ़ोन के बजाय कहीं और आगे बढ़ाने के लिए 9 दबाएँ।",
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
    "done": "To go on press 8.",
    "less": "For the previous options press 9.",
    "back": "To go back press 9.",
    "leave": "To leave this press 9.",
    "leave.code": "To leave this press 9 and hash.",
    "cancel": "To erase everything press 9.",
    "elsewhere": "To go on elsewhere than on the phone press 9.",
    "clear": "To erase what you said here press 7.",
    "repeat": "To hear this again press hash.",
    "status": "To hear the answer to an earlier report press 0.",
    "speak": "Speak after the beep. When finished press hash.",
    "again": "Once more.",
    "message": "No key was pressed. After the beep say what you want to tell; it is kept. When finished press hash.",
    "bye": "Thank you for calling.",
    "down.record": "We can't go on now. Say after the beep what you want to tell; it is kept. Then press hash.",
    "down.spooled": "Your message is kept safe. Please call again later. If a life is in danger dial 112 now.",
    "down.refused": "We can't take your call now. Please call again later. If a life is in danger dial 112 now.",
})  # fmt: skip

OUTAGE_LANGUAGES: Final = ("hi", "en")
"""In which an outage is told, since the caller's is not known then."""

_DEVANAGARI: Final = range(0x0900, 0x0980)


def phrase(language: str, name: str, /, **values: object) -> str:
    """Give a phrase in a language."""
    texts = _HINDI if language.partition("-")[0] == "hi" else _ENGLISH
    return texts[name].format(**values)


def fixed_phrases(language: str) -> list[str]:
    """Give the phrases of a language that are the same every time."""
    return [text for text in (_HINDI if language == "hi" else _ENGLISH).values() if "{" not in text]


def language_of(text: str, otherwise: str) -> str:
    """Say in which language a line is to be read: by its script, where it has letters."""
    return next((language for language in ("hi", "en") if is_in(text, language)), otherwise)


def is_in(text: str, language: str) -> bool:
    """Whether a line has letters of a language's script."""
    if language.partition("-")[0] == "hi":
        return any(ord(char) in _DEVANAGARI for char in text)
    return any(char.isascii() and char.isalpha() for char in text)
