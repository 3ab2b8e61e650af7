"""Sender hints: what in a tip points to who sent it, for the officer who is about to give it to another desk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from satark.dialogue.understanding.reader import Reader
from satark.redacted import Redacted

if TYPE_CHECKING:
    from satark.casework.opened_tip import OpenTip
    from satark.geography.geography import Geography

KNOWN_BY = "known_by"
"""The question how many people know what the tip tells."""


class SenderHints(Redacted, frozen=True, kw_only=True):
    """What points to the sender of a tip."""

    few_know: bool = False
    """Whether the tipster says that only a few people know it."""
    phrases: tuple[str, ...] = ()
    """Parts of the tipster's words that may identify them, such as "my shop", "my brother" or "only I", each once."""

    @property
    def any(self) -> bool:
        """Whether anything points to the sender."""
        return self.few_know or bool(self.phrases)


def sender_hints(tip: OpenTip, geography: Geography) -> SenderHints:
    """Find what points to the sender: in answers, messages, transcripts and captions. It finds much and not all."""
    reader = Reader.shared(geography)
    found = (text[one.start : one.end] for text in _words_of(tip) for one in reader.own_identity(text))
    return SenderHints(few_know=tip.tip.answers.get(KNOWN_BY) == "few", phrases=tuple(dict.fromkeys(found)))


def _words_of(tip: OpenTip) -> Iterator[str]:
    yield from _texts(tip.tip.answers)
    yield from (record.caption for record in tip.records)
    for posted in tip.thread:
        if posted.message.sender == "tipster" or posted.message.transcript:
            yield posted.message.text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in _texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _texts(part))
