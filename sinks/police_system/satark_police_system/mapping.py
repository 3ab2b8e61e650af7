"""A mapping file: a tip as the receiver's own XML or JSON, such as NIEM or a SOAP envelope.

It is the receiver's document as a Jinja template, with the fields of the event and of its data as variables. Every
value is written as escaped text or as a JSON value, so that no tip changes its structure.
"""

import json
import re
from itertools import product
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import msgspec
from jinja2 import ChainableUndefined, TemplateError, TemplateSyntaxError, Undefined
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from satark_police_system.events import Event, FileData, TipData, build_event, encode

XML, JSON = ".xml", ".json"
CONTENT_TYPES: Final = {XML: "application/xml", JSON: "application/json"}
_FIELDS: Final = frozenset({*Event.__struct_fields__, *TipData.__struct_fields__} - {"data", "data_base64"})
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Matches characters that XML 1.0 does not allow, not even escaped."""
_TEXT: Final = "<&\"'>"
_SAMPLE: Final = TipData(
    number=_TEXT, revision=1, category="", received="2026-11-24T06/PT6H", priority="normal", district="", station=""
)
_FILE: Final = FileData(ordinal="1", role="evidence", kind="image", mime="image/jpeg")


class MappingError(ValueError):
    """A mapping file can't be used, or fails on a tip. The message quotes nothing of a tip."""


class MappingFile:
    """One mapping file; its ending, `.xml` or `.json`, tells its output.

    Raises:
        MappingError: the file is no template, names unknown fields, or does not write XML or JSON. OSError: it can't be
        read.
    """

    def __init__(self, path: Path) -> None:
        self.ending = path.suffix
        if self.ending not in CONTENT_TYPES:
            raise MappingError(f"its name must end in {XML} or {JSON}")
        environment = ImmutableSandboxedEnvironment(
            autoescape=self.ending == XML, undefined=ChainableUndefined, trim_blocks=True, lstrip_blocks=True,
            finalize=_as_text if self.ending == XML else _as_json,
        )  # fmt: skip
        del environment.filters["safe"]
        source = path.read_text("utf-8")
        try:
            unknown = find_undeclared_variables(environment.parse(source)) - _FIELDS
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise MappingError(f"line {error.lineno}: {error.message}") from None
        if unknown:
            raise MappingError(f"no tip has {', '.join(sorted(unknown))}; it has {', '.join(sorted(_FIELDS))}")
        for answers, evidence in product(({}, {"what": _TEXT}), ((), (_FILE, _FILE))):
            self._check(msgspec.structs.replace(_SAMPLE, answers=answers, evidence=evidence))

    def write(self, event: Event) -> bytes:
        """Write an event whose data is not encrypted.

        Raises:
            MappingError: the template fails on the event.
        """
        values = msgspec.structs.asdict(event) | msgspec.structs.asdict(event.data)  # type: ignore[arg-type]
        try:
            return self._template.render(values).encode()
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise MappingError(f"it fails: {type(error).__name__}") from None

    def _check(self, sample: TipData) -> None:
        written = self.write(build_event("0", "", 1, sample))
        try:
            ET.fromstring(written) if self.ending == XML else json.loads(written)  # noqa: S314 - our own document
        except (ET.ParseError, ValueError) as error:
            raise MappingError(f"what it writes is no {self.ending}: {error}") from None


def _as_text(value: Any) -> str:
    if isinstance(value, Markup):  # what a macro of the mapping has written
        return value
    return "" if value is None or isinstance(value, Undefined) else _NOT_XML.sub(" ", str(value))


def _as_json(value: Any) -> str:
    return "null" if isinstance(value, Undefined) else encode(value).decode()
