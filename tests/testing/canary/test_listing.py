"""All data of an installation is listed: rows, files, metrics, the log and processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from satark_testing.canary.listing import (
    family,
    files_of_process,
    joins,
    log_lines,
    moments,
    of_files,
    of_metrics,
    of_tables,
    orders,
)
from satark_testing.identifier_search import tables_of
from support.store import fresh_services

TIP = "0467eb3dae74d3603418e73912b6a9f9"
OTHER = "dc69b1fc31a932fbe34847d8f5fe2060"


def test_rows_are_listed_with_their_number_and_sizes() -> None:
    listed = list(of_tables({"tip": [{"id": TIP, "day": 7, "erased": None}]}))
    assert listed == [
        ("the number of rows of table tip", 1),
        ("table tip.id", TIP),
        ("the sizes of table tip.id", 32),
        ("table tip.day", 7),
    ]


@pytest.mark.slow("a third of a second of a processor")
def test_every_table_of_a_database_is_read(tmp_path: Path) -> None:
    fresh_services(tmp_path / "data").close()
    tables = tables_of([f"sqlite:///{tmp_path / 'data' / name}.db" for name in ("satark", "keys")])
    assert {"tip", "receipt", "conversation", "envelope"} <= tables.keys()
    assert not tables["tip"]


def test_files_are_listed_by_folder_and_ending_and_some_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "day 12").mkdir()
    (tmp_path / "day 12" / "a.age").write_bytes(b"sealed")
    (tmp_path / "satark.db").touch()
    os.utime(tmp_path / "day 12" / "a.age", (9, 9))
    assert dict(of_files(tmp_path, ("satark.db",))) == {
        "the names of files day #/*.age": "a.age",
        "the sizes of files day #/*.age": 6,
        "the times of files day #/*.age": 9,
        "the content of files day #/*.age": b"sealed",
    }


def test_metrics_are_listed_by_name_and_labels() -> None:
    text = '# TYPE tips_total counter\ntips_total{channel="sms"} 2.0\n'
    assert dict(of_metrics(text)) == {"the metric tips_total [('channel', 'sms')]": 2.0}


def test_every_line_after_the_beginning_is_named_only_by_its_event() -> None:
    log = '{"event": "old"}\n{"event": "serving"}\n{"code": "4K7Q-2XPM", "event": "tip stored"}\n+919812345678\n'
    log += '{"event": "epoch ended, its key is destroyed"}\n'
    assert list(log_lines(log)) == ["a line in the log: tip stored", "a line in the log: …"]


def test_a_process_and_its_children_are_read() -> None:
    assert os.getpid() in family(os.getppid()) or os.getpid() in family(os.getpid())
    assert any(b"pytest" in content for content in files_of_process(os.getpid()).values())


def test_a_receipt_has_nothing_in_common_with_its_tip_and_messages_may() -> None:
    tip, message = {"id": TIP}, {"tip": TIP}
    assert list(joins({"tip": [tip], "message": [message], "receipt": [{"link": OTHER}]})) == []
    assert list(joins({"tip": [tip], "receipt": [{"link": TIP}]})) == ["receipt.link and tip.id have a value in common"]
    conversation = {"conversation": [{"id": TIP}], "outbox": [{"conversation": TIP}]}
    assert list(joins(conversation)) == []
    assert list(joins({**conversation, "file": [{"tip": TIP}]}))


def test_rows_in_the_order_of_tips_are_named_but_where_the_order_is_known() -> None:
    tips = [{"id": TIP, "number": "A"}, {"id": OTHER, "number": "B"}]
    tables = {"tip": tips[::-1], "delivery": [{"tip": TIP}, {"tip": OTHER}], "custody": [{"tip": TIP}, {"tip": OTHER}]}
    assert list(orders(tables, ["A", "B"])) == ["the order of rows of table delivery tells the order of tips"]
    assert list(orders(tables, ["B", "A"])) == ["the order of rows of table tip tells the order of tips"]


def test_any_unit_of_an_exact_time_of_today_is_named_but_not_when_a_row_is_due() -> None:
    band = 1_796_256_000
    rows = [{"band": band, "bands": band * 1000, "due_at": band + 1, "count": 7, "old": 9}]
    assert not [*moments({"a": rows}, band + 60)]
    for unit in (1, 10**3, 10**6, 10**9):
        assert [*moments({"a": [{"b": (band + 3) * unit}]}, band + 60)] == ["table a.b has an exact time"]
