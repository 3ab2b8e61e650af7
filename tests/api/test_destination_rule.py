"""Destination rules: which tips their filters match, and what the settings refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from satark.api.destination_rule import DestinationRule
from satark.api.sealing import new_identity
from satark.api.tip import Tip
from satark.settings.settings import Settings, SettingsError


def tip(category: str = "ARMS", district: str = "varanasi", station: str = "lanka") -> Tip:
    return Tip(
        number="N", revision=1, flow="", language="hi", channel="chat", category=category, received="", answers={},
        district=district, station=station,
    )  # fmt: skip


def rule(**fields: Any) -> DestinationRule:
    return DestinationRule(**{"to": "email:cell", "desk": "sp", **fields})


@pytest.mark.parametrize(
    ("filters", "passes"),
    [
        ({}, True),
        ({"categories": ("ARMS", "COW")}, True),
        ({"categories": ("COW",)}, False),
        ({"exclude_categories": ("ARMS",)}, False),
        ({"categories": ("ARMS",), "exclude_categories": ("ARMS",)}, False),
        ({"districts": ("varanasi",)}, True),
        ({"districts": ("jaunpur",)}, False),
        ({"exclude_districts": ("varanasi",)}, False),
        ({"stations": ("lanka",)}, True),
        ({"stations": ("chowk",)}, False),
        ({"exclude_stations": ("lanka",)}, False),
        ({"priority": "high"}, True),
        ({"priority": "urgent"}, False),
    ],
)
def test_each_filter_matches_what_it_names(filters: dict[str, Any], passes: bool) -> None:  # noqa: FBT001
    assert rule(**filters).applies(tip(), "high") is passes


def test_an_unknown_place_passes_every_filter_on_places() -> None:
    nowhere = tip(district="", station="")
    filters = {"districts": ("jaunpur",), "stations": ("chowk",), "exclude_districts": ("varanasi",)}
    assert rule(**filters).applies(nowhere, "normal")


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "email"},
        {"to": "email:"},
        {"to": "E-mail:x"},
        {"to": "email:a b"},
        {"recipient": "age1nonsense"},
        {"recipient": "AGE-SECRET-KEY-1XYZ"},
        {"priority": "soon"},
        {"at_once": 0},
        {"categorys": ["ARMS"]},
    ],
)
def test_an_invalid_table_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rule(**fields)


def test_the_settings_load_the_tables_and_name_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "satark.toml"
    table = (
        f'[[destination]]\nto = "email:cell"\ndesk = "sp"\nrecipient = "{new_identity()[0]}"\ncategories = ["ARMS"]\n'
    )
    file.write_text(table)
    (found,) = Settings(file).core.destination
    assert (found.to, found.sink, found.categories) == ("email:cell", "email", ("ARMS",))
    file.write_text(table + table)
    with pytest.raises(SettingsError, match="email:cell stands in two"):
        Settings(file)
    file.write_text('[[destination]]\nto = "desk:sp"\ndesk = "sp"\n')
    with pytest.raises(SettingsError, match="desks get their tips by routing"):
        Settings(file)
