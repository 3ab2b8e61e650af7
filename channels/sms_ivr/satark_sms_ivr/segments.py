"""Count a text message's segments, and split long prompts into pages.

Source: 3GPP TS 23.038, sections 6.2.1 (the 7-bit alphabet and its extension) and TS 23.040, section 9.2.3.24.1 (a
concatenated message has less room in each part): one message has 160 septets or 70 UTF-16 units, a part of several has
153 or 67.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

import msgspec

from satark.api import Prompt
from satark_sms_ivr.call_texts import channel_texts
from satark_words.catalogues import with_marks, without_isolates
from satark_words.graphemes import clusters, size

GSM7_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""Characters that need an escape: two septets each."""

_TYPOGRAPHIC: Final[Mapping[int, int | str]] = {
    **str.maketrans("‘’“”–—•✓\u00a0", "''\"\"---+ "), ord("…"): "...", ord("₹"): "Rs "
}  # fmt: skip
_EXTENSION_SEPTETS: Final = 2


def count_segments(text: str) -> int:
    """Return the number of segments of a text; 0 for an empty one."""
    septets = _septets(text)
    if septets is not None:
        return _segments(septets, 160, 153)
    return _segments(size(text, "utf16"), 70, 67)


def is_gsm7(text: str) -> bool:
    """Whether a text fits the 7-bit alphabet."""
    return _septets(text) is not None


def to_gsm7(text: str) -> str:
    """Replace typographic marks, and the isolates that old phones show as boxes.

    A single curly quote would more than halve the characters per segment.
    """
    return with_marks(text).translate(_TYPOGRAPHIC)


def _septets(text: str) -> int | None:
    """Return the length of a text in septets. None: a character is not in the 7-bit alphabet."""
    if not (GSM7_BASIC | GSM7_EXTENSION).issuperset(text):
        return None
    return sum(_EXTENSION_SEPTETS if char in GSM7_EXTENSION else 1 for char in text)


def _segments(units: int, alone: int, chained: int) -> int:
    return min(units, 1) if units <= alone else -(-units // chained)


MAX_SEGMENTS: Final = 3
"""Segments per message."""


def fit_to_sms(prompt: Prompt) -> Prompt:
    """Return the current page of a prompt, with its choices numbered below the text.

    If a prompt must arrive (a receipt, an officer's answer) or asks nothing, return its full text instead.
    """
    lines = [f"{number} {choice.label}" for number, choice in enumerate(prompt.choices, 1)]
    actions = " / ".join(action.label for action in prompt.actions)
    text = "\n".join(part for part in (prompt.text, *lines, actions) if part)
    hint = more_hint(prompt.language, text)
    pages = split_into_pages(text, hint) if prompt.asks and not prompt.must_arrive else [text]
    page = pages[prompt.page % len(pages)]
    shown = "\n".join(pages[: prompt.page + 1]).split("\n")
    sent = sum(to_gsm7(line) in shown for line in lines) if prompt.page < len(pages) - 1 else None
    return msgspec.structs.replace(
        prompt, text=page, options_sent=sent, choices=(), actions=(), turns=(), menu_label=""
    )


def more_hint(language: str, text: str = "") -> str:
    """Return the line that says how to get a text's next page. If the text is in the 7-bit alphabet, so is the line."""
    return alphabet_text(language, "sms.more", text)


def alphabet_text(language: str, key: str, beside: str) -> str:
    """Return a text in the alphabet of the text beside it, if the language has it in both alphabets."""
    texts = channel_texts(language)
    in_gsm7 = bool(beside) and is_gsm7(to_gsm7(without_isolates(beside)))
    key = f"{key}.latin" if in_gsm7 and f"{key}.latin" in texts else key
    return texts.text(key)


def split_into_pages(text: str, hint: str = "") -> list[str]:
    """Split a text into pages of at most three segments, never inside a grapheme cluster.

    `hint`: a last line for every page but the last.
    """
    rest, found = to_gsm7(text).strip(), []
    tail = f"\n{hint}" if hint else ""
    while count_segments(rest) > MAX_SEGMENTS:
        head = _head(rest, tail)
        found.append(head.rstrip() + tail)
        rest = rest[len(head) :].lstrip()
    return [*found, rest] if rest or not found else found


def _head(text: str, tail: str) -> str:
    """Return the longest start of a text that fits together with `tail`.

    It ends with a whole paragraph; else with a whole line or word, if that leaves at least half of the start.
    """
    letters = list(clusters(text))
    most = bisect_right(
        range(len(letters)),
        MAX_SEGMENTS,
        key=lambda count: count_segments("".join(letters[: count + 1]).rstrip() + tail),
    )
    head = "".join(letters[:most]) or text[:1]  # one letter with very many combining marks
    for mark, least in (("\n\n", 0), ("\n", len(head) // 2), (" ", len(head) // 2)):
        at = head.rfind(mark)
        if at > least:
            return head[: at + 1]
    return head
