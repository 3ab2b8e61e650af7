"""Words that are written without the spaces between them: "sharabbikrihai" is read as three."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from satark_words.tokens import Token

_SHORTEST: Final = 10
_LONGEST: Final = 40
"""Letters of the shortest and the longest word that is taken apart."""
_TOO_MANY: Final = ("",) * 7
_SHORTEST_PIECE: Final = 3
_SHORTEST_WORD: Final = 4
_USUAL: Final = frozenset({
    "hai", "hain", "ho", "kar", "karo", "do", "mat", "nahi", "nhi", "raha", "rahi", "rahe", "rha", "rhi", "gaya",
    "the", "and", "not", "dont", "is", "me", "है", "हैं", "मत", "नहीं", "रहा", "रही", "दो", "करो", "गया", "गई", "में",
})  # fmt: skip
"""Of these a sentence has one."""
_SMALL: Final = frozenset({
    "ho", "hu", "ka", "ki", "ke", "ko", "me", "se", "na", "do", "de", "di", "le", "ja", "pe", "ne", "to", "hi",
    "है", "हो", "का", "की", "के", "को", "में", "से", "ना", "दो", "पर", "ने", "is", "my", "we", "he", "it", "in",
    "at", "of", "no", "ri", "ra", "h",
})  # fmt: skip


def unglued(
    tokens: Iterable[Token], sounds_known: Callable[[str], bool], knows: Callable[[str], bool]
) -> Iterator[Token]:
    """Yield the tokens, a long one that sounds like no known word as the fewest known words that make it."""
    for token in tokens:
        word = token.text
        if _SHORTEST <= len(word) <= _LONGEST and word.isalpha() and not sounds_known(word):
            parts = _parts(word, knows)
            yield from (token._replace(text=piece) for piece in (parts if _is_sentence(parts) else [word]))
        else:
            yield token


def _is_sentence(parts: Sequence[str]) -> bool:
    """Whether words are a sentence and no name that happens to be made of words: "Pandeypur"."""
    return max(map(len, parts), default=0) >= _SHORTEST_WORD and not _USUAL.isdisjoint(parts)


def _parts(word: str, knows: Callable[[str], bool]) -> list[str]:
    """The fewest known words that make a word; nothing where there are none."""
    best: dict[int, list[str]] = {0: []}
    for end in range(2, len(word) + 1):
        for start in range(end - 1):
            before = best.get(start)
            if before is None or len(before) + 1 >= len(best.get(end, _TOO_MANY)):
                continue
            piece = word[start:end]
            if piece in _SMALL or (len(piece) >= _SHORTEST_PIECE and knows(piece)):
                best[end] = [*before, piece]
    return best.get(len(word), [])
