"""Entries of the custody log: their content about a file. Only officers' actions have an exact time."""

from __future__ import annotations

import msgspec

from satark.api.tip import Evidence
from satark.custody.entries import DeskOfficer, delivery_entry, lost_entry, officer_entry, received_entries

NOW = 1_800_000_123
PHOTO = Evidence(ordinal="1", role="evidence", kind="image", mime="image/jpeg", bytes=10, sha256="a" * 64)


def test_a_cleaned_file_is_received_sealed_and_cleaned_by_a_named_program() -> None:
    photo = msgspec.structs.replace(PHOTO, clean_mime="image/jpeg", clean_bytes=9, clean_sha256="b" * 64, readable=80)
    found = received_entries(photo, NOW)
    assert [(one.action, one.form) for one in found] == [
        ("received", "original"), ("sealed", "original"), ("cleaned", "clean"),
    ]  # fmt: skip
    assert found[-1].tool.startswith("satark ")
    assert found[-1].reason == "repaired:80"


def test_no_entry_of_the_service_has_an_exact_time() -> None:
    for one in [*received_entries(PHOTO, NOW), lost_entry("gone", NOW), delivery_entry("email:cell", NOW)]:
        assert one.at == ""
        assert one.band.endswith("/PT6H")


def test_an_officers_action_has_its_time_to_the_second_and_both_names() -> None:
    entry = officer_entry("opened", DeskOfficer(desk="sp", name="rao"), NOW, form="original", second="khan")
    assert (entry.at, entry.desk, entry.officer, entry.second) == ("2027-01-15T08:02:03Z", "sp", "rao", "khan")
    assert "rao" not in repr(entry)
