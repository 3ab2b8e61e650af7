"""XLSForm (ODK, KoboToolbox): the sheets `survey` and `choices` of a workbook become a questionnaire."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree as ET
from zipfile import BadZipFile, ZipFile

from satark.cli.importing.draft import Draft, ImportingError, Texts, language_code
from satark.dialogue.flow.conditions import ConditionError, parse_condition

Row: TypeAlias = Mapping[str, str]

_AS_ANOTHER: Final[Mapping[str, str]] = {
    **dict.fromkeys(("barcode", "time", "datetime", "select_one_from_file", "select_one_external"), "text"),
    "select_multiple_from_file": "text", "rank": "choices", "geotrace": "place", "geoshape": "place",
}  # fmt: skip
"""Type of a question → type of a step that accepts only a part of the possible answers."""
_KINDS: Final[Mapping[str, str]] = {
    **_AS_ANOTHER,
    **dict.fromkeys(("text", "string", "tel"), "text"),
    **dict.fromkeys(("integer", "int", "decimal", "range"), "number"),
    **dict.fromkeys(("image", "photo", "audio", "video", "file"), "media"),
    **dict.fromkeys(("select_one", "acknowledge", "trigger"), "choice"),
    "select_multiple": "choices", "geopoint": "place", "gps": "place", "date": "date", "note": "say",
}  # fmt: skip
_SPELLED: Final = (
    (r"(?i)^(begin|end)_", r"\1 "), (r"(?i)^select ?(?:one|1)(?: from)? ", "select_one "),
    (r"(?i)^select (?:multiple|all that apply)(?: from)? ", "select_multiple "), (" or specify other$", " or_other"),
)  # fmt: skip
"""Beginning or end of a type → its present spelling."""
_HEADINGS: Final = {"relevance": "relevant", "caption": "label"}
_READ: Final = frozenset({"type", "name", "label", "hint", "relevant"})
_READ_OF: Final = {"choices": {"list_name", "name", "label"}, "settings": {"default_language"}}
_NO: Final = dict.fromkeys(("", "no", "false", "false()", "0"), False)
_REQUIRED: Final = {"yes": True, "true": True, "true()": True, "1": True, **_NO}
_EMPTY: Final = (None, "", "NO_LABEL")  # the last is how the CHT writes it
_LINE: Final = re.compile(r"\s*<(?:br|div|li|p)\b[^>]*>\s*", re.IGNORECASE)
_MARKUP: Final = re.compile(r"</?(?:span|font|div|p|h\d|b|i|u|strong|em|center|li|ul|ol)\b[^>]*>", re.IGNORECASE)
_COMPARED: Final = re.compile(r"""
    (selected\s*\(\s*)? (?: \$\{\s*([\w.-]+)\s*\} | \.{1,2}/(?:\.\./)*(?:[\w.-]+/)*([\w-]+) )
    \s* (,|!?=|[<>]=?) \s* ('[^']*'|"[^"]*"|\d+(?:\.\d+)?) (?(1)\s*\))
""", re.VERBOSE)  # fmt: skip
_LIMITS: Final = re.compile(r"\s*\.\s*>=\s*(\d+)\s+and\s+\.\s*<=\s*(\d+)\s*")


def read_xlsform(path: Path, language: str) -> Draft:
    """Read a workbook; `language`: for columns that name none.

    Raises:
        ImportingError: the file is no workbook (.xlsx) with a sheet `survey`.
    """
    try:
        sheets = dict(_sheets(path))
        survey = sheets["survey"]
    except (BadZipFile, LookupError, ValueError, ET.ParseError) as error:
        raise ImportingError(f"{path} is no workbook of the type .xlsx with a sheet named survey") from error
    choices: dict[str, list[Row]] = {}
    for _, row in sheets.get("choices", ()):
        choices.setdefault(row.get("list_name", ""), []).append(row)
    named = next((row.get("default_language", "") for _, row in sheets.get("settings", ())), "")
    form = _Form(path.stem, choices, language_code(named, language))
    for number, row in survey:
        if row:
            form.add(number, row)
    for sheet, rows in sheets.items():
        columns = {column.partition(":")[0] for _, row in rows for column in row} - _READ_OF.get(sheet, set())
        if sheet != "survey" and columns:
            lost = ", ".join(sorted(columns)) if sheet in _READ_OF else "all of it"
            form.draft.left_out.append(f"sheet {sheet}: without effect: {lost}")
    return form.draft


class _Form:
    """Reads the rows of a survey. Keeps the open groups, and the questions so far."""

    def __init__(self, name: str, choices: Mapping[str, list[Row]], language: str) -> None:
        self.draft = Draft(name)
        self._choices = choices
        self._language = language
        self._where = ""
        self._groups: list[str] = []
        """The condition of each open group."""
        self._steps: dict[str, tuple[str, str]] = {}
        """Name of a question → its step and the step's type."""

    def add(self, number: int, row: Row) -> None:
        """Add a row: begin or end a group, or add a question. A row that can't be imported is reported in a line."""
        written = row.get("type", "")
        self._where = f"row {number} ({row.get('name') or written})"
        for pattern, today in _SPELLED:
            written = re.sub(pattern, today, written)
        kind, *rest = written.split() or [""]
        kind = kind.lower()
        if kind == "end" and rest:
            del self._groups[-1:]
            self._lose_all_but({"type", "name"}, row)
        elif kind == "begin":
            self._groups.append(self._condition(row.get("relevant", "")))
            if rest[:1] != ["group"]:
                self._lose("its questions are asked once, not repeatedly")
            self._ask("note", [], {**row, "relevant": ""})
        elif kind in _KINDS:
            self._ask(kind, rest, row)
        else:
            self._lose(f"{kind} is not asked: it is no question, or of no known type" if kind else "it has no type")

    def _lose(self, what: str) -> None:
        self.draft.left_out.append(f"{self._where}: {what}")

    def _lose_all_but(self, read: Collection[str], row: Row) -> None:
        if unread := {column.partition(":")[0] for column in row}.difference(read):
            self._lose(f"without effect: {', '.join(sorted(unread))}")

    def _ask(self, kind: str, rest: list[str], row: Row) -> None:
        name, step_type = row.get("name") or kind, _KINDS[kind]
        labels, hints = self._texts(row, "label"), self._texts(row, "hint")
        labels = labels or ({} if step_type == "say" else {self._language: name})
        first = next(iter(labels.values()), "")
        text = {code: f"{labels.get(code, first)}\n{hints.get(code, '')}" for code in {**labels, **hints}}
        when = " and ".join(f"({one})" for one in (*self._groups, self._condition(row.get("relevant", ""))) if one)
        options = self._options(kind, rest) if step_type in {"choice", "choices"} else {}
        if step_type in {"choice", "choices"} and not options:
            step_type = "text"
        if step_type != _KINDS[kind] or kind in _AS_ANOTHER:
            self._lose(f"{kind} is asked as the type {step_type}")
        limits = _LIMITS.fullmatch(row.get("constraint", "")) if step_type == "number" else None
        fields: dict[str, Any] = {"min": int(limits[1]), "max": int(limits[2])} if limits else {}
        required = _REQUIRED.get(row.get("required", "").lower())
        held_up = required is True and step_type not in {"say", "media"}  # nobody is, who has no file
        kept = {name for name, is_kept in (("constraint", limits), ("required", required is held_up)) if is_kept}
        self._lose_all_but(_READ | kept, row)
        if step_type != "say" and not held_up:
            fields["skip"] = True
        if text:
            self._steps[name] = self.draft.add(name, step_type, text, when, options, **fields), step_type
        elif row["type"].lower() == "note":
            self._lose("it has no text")

    def _options(self, kind: str, rest: list[str]) -> dict[str, Texts]:
        if kind != "select_one" and _KINDS[kind] == "choice":
            return {"OK": {self._language: "OK"}}
        rows = self._choices.get("".join(rest[:1]), ())
        found = {one.get("name", ""): self._texts(one, "label") for one in rows}
        if twice := len(rows) - len({*found} - {""}):
            self._lose(f"{twice} of its options have the name of another, or none")
        if "or_other" in rest:
            found["other"] = {self._language: "Other"}
            self._lose("what the other is, is not asked")
        return {name: label or {self._language: name} for name, label in found.items() if name}

    def _texts(self, row: Row, column: str) -> dict[str, str]:
        """Return a text in every language of the row; `${name}` is not filled in."""
        named = {name: name.partition(":")[2].strip(": ") for name in row if name.partition(":")[0] == column}
        found: dict[str, str] = {}
        for name in sorted(named, key=lambda one: named[one] != "" and not language_code(named[one], "")):
            code = language_code(named[name], self._language)
            if "${" in row[name]:
                self._lose(f"no answer is filled into {row[name][:60]!r}")
            text = re.sub(r"\$\{[^}]*\}", "…", _MARKUP.sub("", _LINE.sub("\n", row[name])))
            if found.setdefault(code, text) != text:
                self._lose(f"{column} in {named[name] or 'no language'} is not kept: there is another in {code}")
        return found

    def _condition(self, source: str) -> str:
        """Return a `relevant` as a condition of a questionnaire; if that fails, report it and return an empty text."""
        plain = " ".join(source.translate(str.maketrans("‘’“”", "''\"\"")).split())
        try:
            found = re.sub(r" (?:AND|OR) ", lambda one: one[0].lower(), _COMPARED.sub(self._compared, plain))
            more = re.sub(r"(?i)\b(?:and|or|not)\b|[()\s]", "", _COMPARED.sub("", plain))
            return parse_condition(f"{found} + {more}" if more else found).source if found else ""
        except (ConditionError, ValueError) as error:
            self._lose(f"it is always asked, since {source!r} can't be carried over: {error}")
            return ""

    def _compared(self, found: re.Match[str]) -> str:
        """Return a comparison with an answer in the questionnaire's syntax."""
        name, sign, value = found[2] or found[3], found[4].replace(",", "="), found[5].strip("'\"")
        step, kind = self._steps.get(name, ("", ""))
        codes = self.draft.codes.get(step, {})
        if not step or (value and codes and value not in codes):
            raise ConditionError(f"{name!r} is not asked before it, or has no option {value!r}")
        if (sign[0] in "<>" and kind != "number") or (kind == "choices" and value and not found[1]):
            raise ConditionError(f"an answer of the type {kind} is not compared like that")
        written = f"{float(value):g}" if kind == "number" and value else repr(codes.get(value, value))
        in_several = kind == "choices" and value
        return f"{written} in {step}" if in_several else f"{step} {'==' if sign == '=' else sign} {written}"


def _sheets(path: Path) -> Iterator[tuple[str, list[tuple[int, Row]]]]:
    """Yield each sheet's name and its rows under their headings, with their numbers."""
    with ZipFile(path) as book:
        names = [name for name in book.namelist() if name.endswith((".xml", ".rels"))]
        parts = {name: ET.fromstring(book.read(name)) for name in names}  # noqa: S314 - the integrator's own file
    shared = [_joined(one) for one in parts.get("xl/sharedStrings.xml", ET.Element("sst"))]
    targets = {one.get("Id"): one.get("Target", "") for one in parts["xl/_rels/workbook.xml.rels"]}
    for sheet in parts["xl/workbook.xml"].iterfind("{*}sheets/{*}sheet"):
        target = next(targets[id_] for key, id_ in sheet.items() if key.endswith("}id"))
        page = parts[target[1:] if target.startswith("/") else f"xl/{target}"]
        yield sheet.get("name", "").strip().lower(), list(_rows(page, shared))


def _rows(page: ET.Element, shared: list[str]) -> Iterator[tuple[int, Row]]:
    headings: dict[str, str] = {}
    for row in page.iterfind("{*}sheetData/{*}row"):
        values = {one.get("r", "").rstrip("0123456789"): _value_of(one, shared) for one in row}
        if headings:
            yield int(row.get("r", "0")), {headings[at]: values[at] for at in headings if values.get(at) not in _EMPTY}
        else:
            headings = {at: _heading(text) for at, text in values.items() if text}


def _heading(text: str) -> str:
    """Return the heading of a column in its present spelling, and the language behind the colon."""
    base, *more = re.sub(r"(?i)^bind::?(?=relevant|required|constraint)", "", text).partition(":")
    plain = base.strip().lower().replace(" ", "_")
    return _HEADINGS.get(plain, plain) + "".join(more)


def _value_of(one: ET.Element, shared: list[str]) -> str:
    value = _joined(one[0]) if one.get("t") == "inlineStr" else one.findtext("{*}v", "")
    if value and one.get("t", "n") == "n":
        return f"{float(value):.15g}"  # spreadsheets keep 0.15 as 0.14999999999999999
    return (shared[int(value)] if one.get("t") == "s" else value).strip()


def _joined(element: ET.Element) -> str:
    """Return a text whose parts may be formatted, without the readings of Japanese words."""
    return "".join(part.text or "" for part in (*element.iterfind("{*}t"), *element.iterfind("{*}r/{*}t")))
