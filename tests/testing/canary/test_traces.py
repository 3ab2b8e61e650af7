"""The canary finds traces that name nobody: exact times, pseudonyms, labels of metrics."""

from __future__ import annotations

from satark_testing.canary.traces import exact_times_of_files, pseudonyms, telling_metrics

METRICS = """# TYPE tips_total counter
tips_total{{channel="{label}"}} 1.0
"""


def test_a_metric_label_that_names_a_desk_or_a_place_is_found() -> None:
    assert list(telling_metrics(METRICS.format(label="to-sp-desk"), ["sp", "lanka"])) == [
        "a telling value of the label channel of the metric tips_total"
    ]
    assert list(telling_metrics(METRICS.format(label="spool"), ["sp", "lanka"])) == []
    assert list(telling_metrics(METRICS.format(label="email:sp"), ["sp"], ["email:sp"])) == []


def test_every_address_has_a_pseudonym_on_every_account() -> None:
    found = pseudonyms(bytes(32), ["whatsapp:1", "sms:2"], ["911", "912"])
    assert len(found) == len(set(found.values())) == 4
    assert {len(value) for value in found.values()} == {32}
    assert pseudonyms(b"1" * 32, ["sms:2"], ["911"]).values() != pseudonyms(bytes(32), ["sms:2"], ["911"]).values()


def test_the_exact_time_of_a_file_is_found_unless_it_is_exempt() -> None:
    changed = {"evidence/ab.age": 1_790_000_123.5, "satark.db": 1_790_000_123.5}
    [find] = exact_times_of_files(changed, 1_790_000_000.0, ["satark.db"])
    assert "evidence/ab.age" in find or "exact time" in find
