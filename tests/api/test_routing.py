"""Destinations: their names, which tips the rules on them match, and what the settings refuse."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from satark.api.routing import ConfiguredDestination, Desk, Destination, DestinationRule
from satark.api.sealing import new_identity
from satark.api.settings import SettingsError
from satark.api.tip import Tip
from satark.delivery.worker import DeliveryWorker
from satark.routing.rules import route
from satark.settings.settings import Settings
from satark.store import deliveries
from satark.store.writer import Writer
from satark.telemetry.metrics import Metrics
from satark_testing.waiting import until
from satark_words.geography.geography import Geography
from support.scripted import ScriptedSink
from support.store import fresh_services
from support.tips import seed_tip

ROOT = Path(__file__).parents[2]


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
def test_each_filter_matches_only_the_value_that_it_names(filters: dict[str, Any], passes: bool) -> None:  # noqa: FBT001
    assert rule(**filters).applies(tip(), "high") is passes


def test_an_unknown_place_passes_every_filter_on_places() -> None:
    nowhere = tip(district="", station="")
    filters = {"districts": ("jaunpur",), "stations": ("chowk",), "exclude_districts": ("varanasi",)}
    assert rule(**filters).applies(nowhere, "normal")


def test_a_category_that_was_left_open_passes_every_filter_on_categories() -> None:
    filters = {"categories": ("COW",), "exclude_categories": ("ARMS",)}
    assert rule(**filters).applies(tip(category=""), "normal")


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


def test_the_settings_load_the_tables_and_name_their_errors(tmp_path: Path) -> None:
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


@pytest.mark.parametrize(("sink", "name"), [("desk", "sp"), ("email", "sp-cell"), ("police_system", "cctns")])
def test_a_destination_is_composed_and_split(sink: str, name: str) -> None:
    made = Destination.of(sink, name)
    assert made == Destination(f"{sink}:{name}") == f"{sink}:{name}"
    assert (made.sink, made.name) == (sink, name)
    assert made.startswith(Destination.prefix(sink))


@pytest.mark.parametrize("text", ["", "email", "email:", ":cell", "E-mail:x", "email:a b", "email:a:b", "email:-a"])
def test_settings_refuse_an_invalid_destination(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ConfiguredDestination).validate_python(text)


SPLIT_OR_JOIN = re.compile(r"""\.r?(?:partition|split)\(\s*["']:["']|f["'](?:desk|email|police_system|rabbitmq):\{""")
OTHER_NAMES = {
    "core/satark/api/channel.py": "accounts: <channel>:<id>",
    "core/satark/api/sink.py": "notifications: <kind>:<when>",
    "core/satark/settings/core.py": "addresses: <host>:<port>",
    "core/satark/runtime/app.py": "addresses: <host>:<port>",
    "core/satark/dialogue/flow/consent_words.py": "acts that can't be undone: <question>:<option>",
    "core/satark_words/lexicon.py": "beginnings of words: <sound>:<word>*",
    "core/satark_words/senses.py": "senses of a text: <kind>:<name>",
    "core/satark/store/due_times.py": "a sink's own notifications, in place of a tip: <kind>:<when>",
    "core/satark_words/spelling.py": "endings and what stands in their place: <ending>:<rest>",
    "core/satark_words/opening.py": "words of times and answers: <word>:<value>",
    "core/satark/roster/anchor.py": "heads of the roster: <position>:<hash>",
    "core/satark/custody/machine_notes.py": "heads of the roster: <position>:<hash>",
    "core/satark/audit/keys.py": "readers of acts: desk:<desk>, officer:<desk>/<officer>",
    "core/satark/store/erasure_orders.py": "deliveries of erasures: erased:<tip, encrypted>:<rule>",
    "core/satark/custody/verify_log.py": "heads of the custody log: <position>:<hash>",
    "core/satark/roster/heads.py": "notes of the roster: <head>:<signatures>",
    "core/satark/cli/importing/xlsform.py": "columns of a workbook: <heading>::<language>",
    "core/satark_testing/contracts/events.py": "accounts: <channel>:<id>",
    "core/satark_testing/contracts/provider_peer.py": "addresses: <host>:<port>",
    "core/satark_testing/dialogue/chat.py": "choice tokens",
    "core/satark_demo/sample_week.py": "choice tokens",
    "core/satark_testing/telegram/bot_api.py": "tokens of Telegram's bots",
    "channels/telegram/satark_telegram/settings.py": "tokens of Telegram's bots",
    "channels/sms_ivr/satark_sms_ivr/twilio_signature.py": "addresses: <host>:<port>",
    "channels/web_form/satark_web_form/form_pages.py": "choice tokens",
    "sinks/email/satark_email/sink.py": "notifications: <kind>:<when>",
}
"""The files that split names other than destinations at a colon."""


def test_no_other_module_splits_a_destination() -> None:
    folders = [ROOT / name for name in ("core", "channels", "sinks")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    splitting = {path.relative_to(ROOT).as_posix() for path in files if SPLIT_OR_JOIN.search(path.read_text())}
    assert splitting == OTHER_NAMES.keys(), "use satark.api.routing.Destination"


async def test_only_a_plugin_adds_a_kind_of_destination(tmp_path: Path) -> None:
    """Settings, routing, the store and the delivery worker accept a sink that nothing else names."""
    (tmp_path / "satark.toml").write_text('[[destination]]\nto = "pigeon:loft"\ndesk = "sp"\n')
    rules = Settings(tmp_path / "satark.toml").core.destination
    desk = Desk(name="sp", title="SP", level="district", recipient=new_identity()[0])
    services = fresh_services(tmp_path, destination=rules)
    seeded = seed_tip(services, [desk])
    chosen = route(seeded.tip, [desk], Geography.sample(), destination_rules=rules)
    assert chosen.destinations == ("desk:sp", "pigeon:loft")
    for to in chosen.destinations[1:]:
        services.write_now(lambda unit, to=to: deliveries.add(unit, seeded.id, to))  # type: ignore[misc]
    sink, writer = ScriptedSink("pigeon"), Writer(services.main, services.keys)
    worker = DeliveryWorker(
        sinks=[sink],
        writer=writer,
        services=services,
        metrics=Metrics(),
        settings=Settings(data_dir=tmp_path).core,
        emit=lambda _: None,
    )
    writer.start()
    task = asyncio.create_task(worker.run())
    await until(lambda: sink.delivered)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await writer.stop()
    services.close()
    assert [(one.destination, one.name, one.desk) for one in sink.delivered] == [("pigeon:loft", "loft", "sp")]
