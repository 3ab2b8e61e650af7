"""Templates of text messages (DLT): Indian operators deliver no message whose text was not registered and approved.

Source: TRAI, Telecom Commercial Communications Customer Preference Regulations 2018, and its directions of 12 May 2023
and 18 November 2025: the fixed part of a template is compared letter by letter and is at least 30 % of the message; a
template has at most two variables, with words between them, each with a tag that tells its possible content.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from satark.api import Flow, Prompt
from satark_sms_ivr.call_texts import channel_texts
from satark_sms_ivr.segments import (
    alphabet_text,
    count_segments,
    fit_to_sms,
    is_gsm7,
    more_hint,
    split_into_pages,
    to_gsm7,
)
from satark_words.graphemes import split

MAX_CHARACTERS: Final = 2000
"""Characters of the longest template."""
MAX_VARIABLES: Final = 2
VARIABLE_CHARACTERS: Final = 30
"""Most characters that Satark puts into one variable: the strictest operator's limit."""
_LARGEST_VARIABLE: Final = 40
"""Characters that an operator may expect in one variable, by which the share of fixed text is counted."""
_FIXED_SHARE: Final = 0.3
_TAGS: Final = frozenset({"alphanumeric", "cbn", "email", "numeric", "url", "urlott"})
_place = re.compile(r"\{(\w+)\}")
_variable = re.compile(r"\{#?\w+#?\}")
_tag = re.compile(r"\{#(\w+)#\}")
_side_by_side = re.compile(r"#\}[\W_]*\{#")
_EXPECTED: Final = "it must be the sheet of `satark sms templates`, UTF-8, with the columns text and template_id"
_TAGGED: Final = {
    **dict.fromkeys(("count", "minutes", "megabytes", "most", "ordinal", "percent"), "{#numeric#}"),
    **{place: f"{{{place}}}" for place in ("sentence", "summary", "text", "value", "words")},
    "website": "{#url#}",
}
"""Placeholder → its variable. Values of other placeholders can be too long for a variable: they are sent in parts."""
_FILLED: Final = {"numeric": r"\d{1,30}", "url": r"\S{1,200}"}
_CARRIERS: Final = ("sms.carry", "sms.carry.two")
"""Templates for texts without their own template: each carries the words in one variable or in two."""


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One message, with its variables tagged."""

    name: str
    """The language and the key of the text, such as `hi category`. The name is the same in every run."""
    language: str
    text: str

    @property
    def variables(self) -> int:
        return len(_variable.findall(self.text))

    @property
    def is_unicode(self) -> bool:
        """Whether the template is registered as Unicode, because a character is not in the 7-bit alphabet."""
        return not is_gsm7(_variable.sub("", self.text))

    @property
    def segments(self) -> int:
        """The segments of a message whose variables are full."""
        return count_segments(_variable.sub("0" * VARIABLE_CHARACTERS, self.text))


def broken_rules(text: str) -> Iterator[str]:
    """Yield the rules that a template's text breaks. A text that breaks none can be registered."""
    variables = _variable.findall(text)
    fixed = len(_variable.sub("", text))
    if len(text) > MAX_CHARACTERS:
        yield f"it has {len(text)} of {MAX_CHARACTERS} characters"
    if len(variables) > MAX_VARIABLES:
        yield f"it has {len(variables)} of {MAX_VARIABLES} variables"
    if _side_by_side.search(text):
        yield "no word is between two variables"
    if any(one.strip("{}#") not in _TAGS or "#" not in one for one in variables):
        yield "a variable's tag says no kind that operators know"
    if fixed < _FIXED_SHARE * (fixed + _LARGEST_VARIABLE * len(variables)):
        yield f"less than {_FIXED_SHARE:.0%} of it is fixed text"


def templates(prompts: Iterable[tuple[str, Prompt]]) -> Iterator[Template]:
    """Yield a template for each text of these named prompts, without repetition. A prompt's variables are `{place}`.

    A line that can't be registered has no template: it is sent in parts, in the templates that come first.
    """
    seen: set[tuple[str, str]] = set()
    for name, prompt in prompts:
        blocks = ((f"{name} {number}".removesuffix(" 1"), text) for number, text in enumerate(_blocks(prompt), 1))
        for key, text in (*_carriers(prompt.language), *blocks):
            if (prompt.language, text) not in seen:
                seen.add((prompt.language, text))
                yield Template(name=key, language=prompt.language, text=text)


def _carriers(language: str) -> Iterator[tuple[str, str]]:
    texts = channel_texts(language)
    for key in (f"{key}{latin}" for key in (*_CARRIERS, "sms.more") for latin in ("", ".latin")):
        if key in texts:
            yield f"{language} {key}", tagged(texts.get(key))


def _blocks(prompt: Prompt) -> Iterator[str]:
    """Yield the texts that are sent for a prompt: each paragraph and its pages, or the lines that can be sent."""
    whole = fit_to_sms(msgspec.structs.replace(prompt, must_arrive=True)).text
    for paragraph in filter(None, map(tagged, whole.split("\n\n"))):
        if not any(broken_rules(paragraph)):
            yield paragraph
            yield from split_into_pages(paragraph, more_hint(prompt.language, paragraph)) if prompt.asks else ()
            continue
        for _, lines in groupby(paragraph.split("\n"), lambda line: any(broken_rules(line))):
            if not any(broken_rules(run := "\n".join(lines))):
                yield run


def tagged(text: str) -> str:
    """Replace every placeholder of a text by a tagged variable, unless its values are too long for one."""
    return _place.sub(lambda found: _TAGGED.get(found[1], "{#alphanumeric#}"), to_gsm7(text).strip())


def least_segments(flow: Flow, wanted: Iterable[Template]) -> Mapping[str, int]:
    """Count by language the segments of every tip: the questions always asked, two parts of the story, the receipt."""
    always = {step.id for step in flow.steps if not (step.when or step.detail)} | {"@language", "receipt", _CARRIERS[1]}
    found: Counter[str] = Counter()
    for template in wanted:
        language, said, *variant = template.name.split()
        if said in always and language == template.language and variant in ([], ["0"]):
            found[template.language] += template.segments
    return found


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
    """The approved texts. Everything that the dialogue says is sent as some of them, with their variables filled.

    Raises:
        ValueError: a text breaks a rule, or a text that carries others is not approved. The message names it.
    """

    def __init__(self, ids: Mapping[str, str], languages: Iterable[str]) -> None:
        self._ids = {text: id_ for text, id_ in ids.items() if id_}
        self._patterns = defaultdict[int, list[tuple[re.Pattern[str], str]]](list)
        """Number of lines → the possible messages with that many lines."""
        for text, id_ in self._ids.items():
            self._patterns[text.count("\n") + 1].append((_pattern(text), id_))
            for problem in broken_rules(text):
                raise ValueError(f"{text[:60]!r}: {problem}")
        for name, text in (one for language in languages for one in _carriers(language)):
            if text not in self._ids:
                raise ValueError(f"{name} has no approved id: what has no template of its own is sent in it")

    def messages(self, text: str, language: str) -> Iterator[tuple[str, str]]:
        """Yield the messages that tell a text, each with the id of its template."""
        lines, loose = to_gsm7(text).strip().split("\n"), list[str]()
        while lines:
            count, id_ = next(self._approved(lines), (1, ""))
            said, lines = lines[:count], lines[count:]
            loose += [] if id_ else said
            if id_ or not lines:
                yield from self._carried(loose, language)
                loose = []
            if id_:
                yield "\n".join(said), id_

    def _approved(self, lines: list[str]) -> Iterator[tuple[int, str]]:
        """Yield the number of first lines that form an approved text, the largest first, and the text's id."""
        for count in sorted(self._patterns, reverse=True):
            said = "\n".join(lines[:count])
            yield from ((count, id_) for one, id_ in self._patterns[count] if one.fullmatch(said))

    def _carried(self, lines: list[str], language: str) -> Iterator[tuple[str, str]]:
        """Yield messages that carry these lines in their variables."""
        parts = list(_parts("; ".join(filter(None, map(str.strip, lines)))))
        for pair in (parts[at : at + MAX_VARIABLES] for at in range(0, len(parts), MAX_VARIABLES)):
            template = alphabet_text(language, _CARRIERS[len(pair) - 1], "".join(parts))
            yield template.format(part=pair[0], more=pair[-1]), self._ids[tagged(template)]


def _pattern(text: str) -> re.Pattern[str]:
    """Return the pattern that a template's messages match."""
    parts = _tag.split(text)
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = (_FILLED.get(kind, rf"[^\n]{{1,{VARIABLE_CHARACTERS}}}") for kind in parts[1::2])
    return re.compile("".join(parts))


def _parts(text: str) -> Iterator[str]:
    """Split a text into parts that fit one variable, between words where possible."""
    while text:
        part, rest = split(text, VARIABLE_CHARACTERS)
        space = part.rfind(" ") if rest.strip() and not rest.startswith(" ") else 0
        part = part[:space] if space > VARIABLE_CHARACTERS // 2 else part
        yield part.strip()
        text = text[len(part) :].lstrip()
