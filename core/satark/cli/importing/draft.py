"""A questionnaire that is made from another program's, and the list of what was left out of it."""

import json
import keyword
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args

import yaml

from satark.api.flow import Meaning
from satark.dialogue.flow.builder import RESERVED_IDS
from satark_words.catalogues import Catalogues
from satark_words.graphemes import ELLIPSIS, size, split, truncate
from satark_words.languages import known_languages

Texts: TypeAlias = Mapping[str, str]

_LONGEST: Final = 24
"""Most characters of an id, a code and a label: the limit of a row in WhatsApp's lists."""
_DESCRIBED: Final = 3 * _LONGEST
_MOST_SAID: Final = 600
"""Most UTF-16 units of texts before one question. With the review's own words they fit into one text message."""
_REVIEW: Final = 60


class ImportingError(ValueError):
    """A file can't be imported; the message says why."""


class Draft:
    """Steps and texts as they are read, one after the other."""

    def __init__(self, name: str) -> None:
        self.name = as_id(name) or "imported"
        self.steps: list[dict[str, Any]] = []
        self.left_out: list[str] = []
        """The parts that could not be imported, a line each, with the place in the file."""
        self.codes: dict[str, dict[str, str]] = {}
        """Id of a choice → code of an option in the file → code in the questionnaire."""
        self._texts: dict[str, dict[str, str]] = {}
        self._spoken = Catalogues.of("satark.dialogue")
        taken = (key.partition(".")[0] for key in self._spoken["en"])  # such an id would change Satark's own texts
        self._ids = {*taken, *get_args(Meaning), *RESERVED_IDS, *keyword.kwlist}
        self._said = 0
        """Number of UTF-16 units of the texts before the next question."""

    def add(self, wanted: str, kind: str, text: Texts, when: str, options: Mapping[str, Texts], **fields: Any) -> str:
        """Add a step; return its id. If its text is too long, a step with the first words precedes it."""
        length = max(size(one, "utf16") for one in text.values())
        if length > _MOST_SAID:
            parts = {language: split(one, _MOST_SAID // 2) for language, one in text.items()}
            self.add("said", "say", {language: first for language, (first, _) in parts.items()}, when, {})
            text = {language: rest or ELLIPSIS for language, (_, rest) in parts.items()}
            return self.add(wanted, kind, text, when, options, **fields)
        self._make_room(length)
        self._said = self._said + length + len("\n\n") if kind == "say" else 0
        id_ = next(one for one in _numbered(as_id(wanted) or "step") if one not in self._ids)
        self._ids.add(id_)
        if kind == "place" and all("means" not in step for step in self.steps):
            fields["means"] = "place"
        codes = self.codes[id_] = {}
        for code, label in options.items():
            base = re.sub(r"[^A-Za-z0-9_-]+", "_", code).strip("_") or "option"
            codes[code] = next(one for one in _numbered(base) if one not in {*codes.values(), "ask", "name"})
            long = {language: one for language, one in label.items() if len(one) > _LONGEST}
            if any(len(one) > _DESCRIBED for one in long.values()):
                self.left_out.append(f"step {id_}: its option {codes[code]} is cut off after {_DESCRIBED} characters")
            self._write(f"{id_}.{codes[code]}", label, _LONGEST)
            self._write(f"{id_}.{codes[code]}.description", long, _DESCRIBED)
        self._write(id_ if kind == "say" else f"{id_}.ask", text)
        self._write(f"{id_}.name", {} if kind == "say" else dict.fromkeys(text, wanted.replace("_", " ")), _LONGEST)
        fields |= ({"options": list(codes.values())} if codes else {}) | ({"when": when} if when else {})
        self.steps.append({"id": id_, "type": kind, **fields})
        return id_

    def write(self, folder: Path, *, accuses_nobody: bool) -> Path:
        """Write the questionnaire and its texts into a new folder; return the file.

        The questionnaire is offered in those of its languages that the dialogue speaks. A text without a translation is
        in the language that was written first.
        """
        if not self._texts:
            raise ImportingError("nothing is said or asked in it")
        self._make_room(_REVIEW)
        offered = [language for language in self._texts if language in self._spoken] or list(self._texts)
        document = {"name": self.name, "languages": offered} | ({"accuses": "nobody"} if accuses_nobody else {})
        steps = [*self.steps, {"id": "review", "type": "review"}, {"id": "send", "type": "submit"}]
        (folder / "texts").mkdir(parents=True)
        path = folder / f"{self.name}.yaml"
        path.write_text(yaml.safe_dump({**document, "steps": steps}, sort_keys=False, default_flow_style=None), "utf-8")
        every = {key: text for texts in reversed(self._texts.values()) for key, text in texts.items()}
        for language, texts in self._texts.items():
            if language not in self._spoken:
                self.left_out.append(f"language {language}: it isn't offered before `satark language new {language}`")
            if lacking := len(every) - len(texts):
                self.left_out.append(f"language {language}: {lacking} texts have no translation")
            entries = (json.dumps([key, text], ensure_ascii=False)[1:-1] for key, text in (every | texts).items())
            lines = (f"msgid {entry}".replace('", "', '"\nmsgstr "', 1) for entry in entries)
            (folder / "texts" / f"{language}.po").write_text("\n\n".join(lines) + "\n", "utf-8")
        return path

    def _make_room(self, length: int) -> None:
        """If the next text does not fit into the same message, have the texts before it confirmed first."""
        if self._said + length <= _MOST_SAID or self.steps[-1]["type"] != "say":
            return
        id_ = self.steps[-1]["id"]
        self.steps[-1] |= {"type": "choice", "options": ["OK"]}
        for texts in (one for one in self._texts.values() if id_ in one):
            texts.update({f"{id_}.ask": texts.pop(id_), f"{id_}.name": id_, f"{id_}.OK": "OK"})
        self.left_out.append(f"step {id_}: it waits for an OK, since more does not fit into one text message")
        self._said = 0

    def _write(self, key: str, texts: Texts, longest: int = 0) -> None:
        for language, text in texts.items():
            if plain := text.strip().replace("{", "(").replace("}", ")"):  # braces are places in Satark's texts
                self._texts.setdefault(language, {})[key] = truncate(plain, longest) if longest else plain


def as_id(text: str) -> str:
    """Return a text as the id of a step; empty if the text has no ASCII letter."""
    return re.sub(r"^[^a-z]+", "", re.sub(r"[^a-z0-9]+", "_", text.lower()))[:_LONGEST].strip("_")


@cache
def language_code(named: str, default: str) -> str:
    """Return the code of a language named `eng`, `English` or `English (en)`; the default for an unknown name."""
    name = "".join(re.findall(r"\((\w+)[^)]*\)\s*$", named)).lower() or named.strip().lower()
    known = known_languages().values()
    return next(
        (one.code for one in known if name and name in {one.code, one.three_letters, one.english.lower()}), default
    )


def _numbered(base: str) -> Iterator[str]:
    """Yield a text, then the text with a number at its end; each is short enough for an id or a code."""
    yield base[:_LONGEST].strip("_")
    yield from (f"{base[: _LONGEST - 4].strip('_')}_{number}" for number in count(2))
