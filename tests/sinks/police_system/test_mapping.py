"""Mapping files: a tip becomes the receiver's own document, which no tip can break."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.settings import SettingsError
from satark_police_system import mapping
from satark_police_system.events import build_event, full_data
from satark_police_system.mapping import MappingError, MappingFile
from satark_police_system.settings import PoliceSettings
from satark_police_system.systems import load_systems
from satark_testing.peers.police import SECRET
from support.police_tip import CONTENT

SHIPPED: Final = Path(mapping.__file__).with_name("mappings")
XML: Final = '<a n="{{ number }}">{{ answers.what }}</a>'
JSON: Final = '{"n": {{ number }}, "what": {{ answers.what }}, "files": {{ evidence }}, "who": {{ answers.who }}}'
DATA: Final = full_data(CONTENT, ["what", "place", "evidence"])
EVENT: Final = build_event("0" * 32, "urn:satark", 1, DATA)


def made(folder: Path, name: str, text: str) -> MappingFile:
    (folder / name).write_text(text, "utf-8")
    return MappingFile(folder / name)


def said(what: Any) -> Any:
    return msgspec.structs.replace(EVENT, data=msgspec.structs.replace(DATA, answers={"what": what}))


@pytest.mark.slow("many generated texts")
@given(what=st.text())
def test_a_tipsters_text_always_stays_text(tmp_path_factory: pytest.TempPathFactory, what: str) -> None:
    folder = tmp_path_factory.mktemp("mapping")
    element = ET.fromstring(made(folder, "a.xml", XML).write(said(what)))  # noqa: S314 - ours
    assert (element.get("n"), list(element)) == ("K4Q7-2XPM", [])
    assert len(element.text or "") == len(what.replace("\r\n", "\n"))
    document = json.loads(made(folder, "a.json", JSON).write(said(what)))
    assert document["what"] == what
    assert document["who"] is None
    assert document["files"][0]["clean_sha256"] == "b" * 64


@pytest.mark.parametrize(("name", "category"), [("niem.xml", "Weapons Discovery"), ("soap.xml", "ARMS")])
def test_a_shipped_mapping_contains_everything_that_a_system_may_have(name: str, category: str) -> None:
    document = MappingFile(SHIPPED / name).write(EVENT).decode()
    ET.fromstring(document)  # noqa: S314 - ours
    for value in ("K4Q7-2XPM", category, "गाँव के बाहर", "लंका", "2026-11-24T12", "b" * 64, "high"):
        assert value in document


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.txt", "", "must end in .xml or .json"),
        ("a.xml", "<a>{{ number }", "line 1: "),
        ("a.xml", "<a>{{ nummer }}</a>", "no tip has nummer; it has answers, "),
        ("a.xml", "<a>{{ number }}", "what it writes is no .xml"),
        ("a.json", '{"n": "{{ number }}"}', "what it writes is no .json"),
        ("a.xml", "<a>{{ answers.what|safe }}</a>", "safe"),
        ("a.xml", "<a>{{ revision / 0 }}</a>", "it fails: ZeroDivisionError"),
    ],
)
def test_a_mapping_that_can_not_work_is_named_at_the_start(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(MappingError, match=told):
        made(tmp_path, name, text)


def test_a_wrong_mapping_stops_the_start(tmp_path: Path) -> None:
    section = PoliceSettings.model_validate({"secret": SECRET, "folder": tmp_path, "mapping": tmp_path / "gone.xml"})
    reader: Any = None
    with pytest.raises(SettingsError) as refused:
        load_systems(section, lambda _: reader)
    assert "mapping can't be used (FileNotFoundError)" in refused.value.problems[0].message
