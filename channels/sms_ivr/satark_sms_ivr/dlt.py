"""Templates of text messages (DLT): Indian operators deliver no message whose text was not registered and approved.

Source: TRAI, Telecom Commercial Communications Customer Preference Regulations 2018, and its direction on the tags of
variables: the fixed part of a template is compared letter by letter; each variable has a tag that says what it may
hold, at most 30 characters; a template has at most 2,000 characters.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from satark.api import Flow, Prompt
from satark_sms_ivr.segments import count_segments, fit_to_sms, is_gsm7, to_gsm7

MAX_CHARACTERS: Final = 2000
"""Characters of the longest template."""
VARIABLE_CHARACTERS: Final = 30
"""Characters that one variable holds; a longer value takes several variables."""

_place = re.compile(r"\{(\w+)\}")
_tag = re.compile(r"\{#(\w+)#\}")
_whole_tag = re.compile(r"(\{#\w+#\})")
_EXPECTED: Final = "it must be the sheet of `satark sms templates`, UTF-8, with the columns text and template_id"
_NUMERIC: Final = frozenset({"count", "minutes", "megabytes", "most", "ordinal", "percent"})
_LONG: Final[Mapping[str, int]] = {"files": 90, "sentence": 120, "summary": 300, "text": 300, "value": 60, "words": 60}
"""Place → the number of characters of its longest value. Places whose values fit in one variable are left out."""


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One message, with its variables tagged."""

    name: str
    """The language and the key of the text, such as `hi category`. The name is the same in every run."""
    language: str
    text: str

    @property
    def variables(self) -> int:
        """The number of variables."""
        return len(_tag.findall(self.text))

    @property
    def is_unicode(self) -> bool:
        """Whether the template is registered as Unicode, because a character is not in the 7-bit alphabet."""
        return not is_gsm7(_tag.sub("", self.text))

    @property
    def segments(self) -> int:
        """The segments of a message whose variables are full."""
        return count_segments(_tag.sub("0" * VARIABLE_CHARACTERS, self.text))

    @property
    def problem(self) -> str:
        """The reason why the template can't be registered; empty: it can be."""
        return f"it has {len(self.text)} of {MAX_CHARACTERS} characters" if len(self.text) > MAX_CHARACTERS else ""


def templates(prompts: Iterable[tuple[str, Prompt]]) -> Iterator[Template]:
    """Yield a template for each text of these named prompts, without repetition. A prompt's variables are `{place}`."""
    seen: set[tuple[str, str]] = set()
    for name, prompt in prompts:
        text = tagged(_message(prompt))
        if text and (prompt.language, text) not in seen:
            seen.add((prompt.language, text))
            yield Template(name=name, language=prompt.language, text=text)


def tagged(text: str) -> str:
    """Replace every `{place}` of a text by a tagged variable."""
    return _place.sub(lambda found: _tags(found[1]), to_gsm7(text).strip())


def unregistered(wanted: Iterable[Template], ids: Mapping[str, str]) -> list[Template]:
    """List the templates whose text has no id. `ids`: text → the id under which the text is registered."""
    return [template for template in wanted if not ids.get(template.text)]


def least_segments(flow: Flow, wanted: Iterable[Template]) -> Mapping[str, int]:
    """Count by language the segments of every tip: the choice of language, the unconditional questions, the receipt."""
    always = {step.id for step in flow.steps if not (step.when or step.detail)} | {"@language", "receipt"}
    found: Counter[str] = Counter()
    for template in wanted:
        _, said, *variant = template.name.split()
        if said in always and variant in ([], ["0"]):
            found[template.language] += template.segments
    return found


def _tags(place: str) -> str:
    kind = "numeric" if place in _NUMERIC else "url" if place == "website" else "alphanumeric"
    return f"{{#{kind}#}}" * -(-_LONG.get(place, VARIABLE_CHARACTERS) // VARIABLE_CHARACTERS)


def _message(prompt: Prompt) -> str:
    """Return a prompt with its choices, on one page."""
    return fit_to_sms(msgspec.structs.replace(prompt, must_arrive=True)).text


def read_ids(sheet: Path) -> dict[str, str]:
    """Read the registration sheet: return text → approved id. The id is empty if the sheet has none for the text.

    Raises:
        ValueError: the file is not a registration sheet. The message says what is expected.
    """
    try:
        rows = list(csv.DictReader(sheet.read_text(encoding="utf-8-sig").splitlines(keepends=True)))
        return {row["text"]: row["template_id"].strip() for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, AttributeError, csv.Error):
        raise ValueError(f"{sheet} can't be read: {_EXPECTED}") from None


class ApprovedTexts:
    """The approved texts. A message is approved if it is one of these texts with its variables filled."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        approved = [text for text, id_ in ids.items() if id_]
        self._fixed = {text for text in approved if not _whole_tag.search(text)}
        self._patterns = [_pattern(text) for text in approved if _whole_tag.search(text)]

    def __contains__(self, message: object) -> bool:
        text = to_gsm7(str(message)).strip()
        return text in self._fixed or any(pattern.fullmatch(text) for pattern in self._patterns)


def _pattern(text: str) -> re.Pattern[str]:
    """Return the pattern that a template's messages match. Adjacent variables together hold one longer value."""
    parts = groupby(filter(None, _whole_tag.split(text)), key=lambda part: bool(_whole_tag.fullmatch(part)))
    return re.compile("".join(_part(list(found), is_variable=is_variable) for is_variable, found in parts), re.DOTALL)


def _part(parts: Iterable[str], *, is_variable: bool) -> str:
    parts = list(parts)
    return f".{{0,{VARIABLE_CHARACTERS * len(parts)}}}" if is_variable else re.escape("".join(parts))
