"""The room where a forwarded tip is opened: with its own key alone, and never a tipster's voice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from satark.api.routing import Desk, DestinationRule
from satark.api.sealing import CantOpen, new_identity, open_envelope
from satark.api.settings import SettingsError
from satark.api.sink import Delivery
from satark.api.tip import Message
from satark.casework import NoSuchFile
from satark.custody import log as custody
from satark.delivery.reader import DestinationReader, load_identity, own_key, reader
from satark.routing.desks import add_desk
from satark.services import Services
from satark.store import tables
from satark.store.threads import post
from support.store import fresh_services
from support.tips import claim_delivery, seed_file, seed_file_state, seed_message, seed_tip

TO = "email:cell"


class ReadingDestination:
    """A destination with a key of its own, and the desk that it belongs to."""

    def __init__(self, folder: Path) -> None:
        recipient, self.identity = new_identity()
        self.file = folder / "destination.key"
        self.file.touch(0o600)
        self.file.write_text(f"# made by hand\n{self.identity}\n")
        self.rule = DestinationRule(to=TO, desk="sp", recipient=recipient, identity_file=self.file)
        desk_recipient, self.desk_identity = new_identity()
        self.desk = Desk(name="sp", title="SP", level="district", recipient=desk_recipient)


@pytest.fixture
def destination(tmp_path: Path) -> ReadingDestination:
    return ReadingDestination(tmp_path)


@pytest.fixture
def services(tmp_path: Path, destination: ReadingDestination) -> Iterator[Services]:
    services = fresh_services(tmp_path / "data", destination=(destination.rule,))
    services.write_now(lambda unit: add_desk(unit, destination.desk))
    yield services
    services.close()


def test_a_reader_gets_the_tip_its_thread_and_its_clean_files(
    services: Services, destination: ReadingDestination
) -> None:
    seeded = seed_tip(services, [destination.desk], evidence=("1", "2", "3", "4"), destination_rules=[destination.rule])
    seed_file(services, seeded, "1", b"original", b"clean")
    seed_file(services, seeded, "4", b"no copy")
    seed_file_state(services, seeded, "2", "due")
    seed_file_state(services, seeded, "3", "lost")
    seed_message(services, seeded, Message(sender="tipster", text="और भी"))
    note = Message(sender="desk", desk="sp", text="गोपनीय", internal=True)
    services.write_now(lambda unit: post(unit, seeded.id, note, seeded.recipient))
    delivery = claim_delivery(services, TO)
    assert (delivery.desk, delivery.revision, delivery.attempt) == ("sp", 1, 1)
    opened = reader(destination.rule, services).open(delivery)
    content = opened.content
    assert (content.tip, content.header) == (seeded.tip, seeded.header)
    assert [posted.message.text for posted in content.thread] == ["और भी"]
    assert [record.ordinal for record in content.evidence] == ["1", "4"]
    assert (content.pending, content.lost, content.withheld, content.damaged) == (("2",), ("3",), (), 0)
    assert b"".join(opened.clean("1")) == b"clean"
    for ordinal in ("2", "3", "4", "5", "../1"):
        with pytest.raises(NoSuchFile):
            opened.clean(ordinal)
    assert seeded.number not in f"{opened!r}{content!r}"


def test_what_left_stands_in_the_custody_log_once_a_delivery_and_to_no_finer_time(
    services: Services, destination: ReadingDestination
) -> None:
    seeded = seed_tip(services, [destination.desk], evidence=("1",), destination_rules=[destination.rule])
    seed_file(services, seeded, "1", b"original", b"clean")
    opened = reader(destination.rule, services).open(claim_delivery(services, TO))
    for _ in range(2):
        assert b"".join(opened.clean("1")) == b"clean"
    logged = services.read(lambda c: custody.read(c, seeded.id, seeded.identity))
    (left,) = [one.entry for one in logged if one.entry and one.entry.action == "exported"]
    assert (left.desk, left.form, left.at) == (TO, "clean", "")


def test_a_key_of_satarks_own_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "forward" / "main.key"
    recipient = own_key(file)
    assert own_key(file) == recipient
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_identity(DestinationRule(to=TO, recipient=recipient, identity_file=file)) == file.read_text().strip()
    file.write_text("no key")
    with pytest.raises(SettingsError):
        own_key(file)


@pytest.mark.parametrize(
    ("kind", "answers", "leaves"),
    [
        ("voice", {"what": {"voice": "1"}}, False),
        ("voice", {"what": "typed"}, False),
        ("audio", {"what": {"voice": "1"}}, False),
        ("audio", {"what": "typed"}, False),
        ("audio", {"what": "typed", "whose_voice": "other"}, True),
        ("video", {"what": "typed"}, True),
    ],
)
def test_the_tipsters_own_voice_never_leaves(
    kind: Any,
    answers: dict[str, Any],
    leaves: bool,  # noqa: FBT001
    services: Services,
    destination: ReadingDestination,
) -> None:
    seeded = seed_tip(
        services, [destination.desk], answers=answers, evidence=("1",), destination_rules=[destination.rule]
    )
    seed_file(services, seeded, "1", b"spoken", b"spoken, clean", kind=kind)
    opened = reader(destination.rule, services).open(claim_delivery(services, TO))
    assert [record.ordinal for record in opened.content.evidence] == ["1"] * leaves
    assert opened.content.withheld == (() if leaves else ("1",))
    if not leaves:
        with pytest.raises(NoSuchFile):
            opened.clean("1")


@pytest.mark.parametrize(("answer", "expected"), [("remove", b"film"), (None, b"film"), ("keep", b"film, sound")])
def test_a_film_leaves_without_sound_unless_the_tipster_kept_it(
    answer: str | None, expected: bytes, services: Services, destination: ReadingDestination
) -> None:
    seeded = seed_tip(
        services,
        [destination.desk],
        answers={"film_sound": answer},
        evidence=("1",),
        destination_rules=[destination.rule],
    )
    seed_file(services, seeded, "1", b"original", b"film, sound", muted=b"film", mime="video/mp4", kind="video")
    opened = reader(destination.rule, services).open(claim_delivery(services, TO))
    assert b"".join(opened.clean("1")) == expected


def test_the_delivery_opens_with_the_destinations_key_alone(
    services: Services, destination: ReadingDestination
) -> None:
    seeded = seed_tip(services, [destination.desk], destination_rules=[destination.rule])
    delivery = claim_delivery(services, TO)
    for identity in (destination.desk_identity, new_identity()[1]):
        with pytest.raises(CantOpen):
            DestinationReader(TO, identity, services).open(delivery)
    # The key fits, but the envelope is another destination's, another tip's, or the document was swapped.
    with pytest.raises(CantOpen):
        DestinationReader("email:other", destination.identity, services).open(delivery)
    with pytest.raises(CantOpen):
        DestinationReader(TO, destination.identity, services).open(msgspec.structs.replace(delivery, tip="0" * 32))
    other = seed_tip(services, [destination.desk])
    swapped = services.read(lambda c: c.execute(tables.tip.select().where(tables.tip.c.id == other.id)).one())
    with pytest.raises(CantOpen):
        DestinationReader(TO, destination.identity, services).open(
            msgspec.structs.replace(delivery, document=swapped.document)
        )
    assert seeded.id == delivery.tip


def test_a_mere_carrier_gets_its_desks_envelope(services: Services, destination: ReadingDestination) -> None:
    carrier = DestinationRule(to="broker:north", desk="sp")
    services.destination_rules = (carrier,)
    seeded = seed_tip(services, [destination.desk], destination_rules=[carrier])
    delivery = claim_delivery(services, "broker:north")
    envelope = open_envelope(delivery.envelope, destination.desk_identity, tip=seeded.id, desk="sp")
    assert envelope.identity == seeded.identity


def test_what_does_not_open_is_counted_and_hinders_nothing(services: Services, destination: ReadingDestination) -> None:
    seeded = seed_tip(services, [destination.desk], evidence=("1",), destination_rules=[destination.rule])
    seed_file(services, seeded, "1", b"original", b"clean")
    services.write_now(lambda unit: unit.main.execute(update(tables.file).values(record=b"junk")))
    row = {"tip": seeded.id, "seq": 1, "sealed": b"junk", "day": 0, "notified": True}
    services.write_now(lambda unit: unit.insert(tables.message, [row]))
    content = reader(destination.rule, services).open(claim_delivery(services, TO)).content
    assert (content.damaged, content.evidence, content.thread) == (2, (), ())


def test_a_changed_key_opens_old_and_new_tips(services: Services, destination: ReadingDestination) -> None:
    seed_tip(services, [destination.desk], destination_rules=[destination.rule])
    old: Delivery = claim_delivery(services, TO)
    recipient, identity = new_identity()
    destination.file.write_text(f"{identity}\n{destination.identity}\n")
    changed = destination.rule.model_copy(update={"recipient": recipient})
    seed_tip(services, [destination.desk], destination_rules=[changed])
    room = reader(changed, services)
    assert room.open(old).content.tip != room.open(claim_delivery(services, TO)).content.tip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipient": ""}, "recipient"),
        ({"identity_file": None}, "this machine runs the sink"),
        ({"identity_file": Path("/nowhere/destination.key")}, "can't be used"),
        ({"recipient": new_identity()[0]}, "another key"),
    ],
)
def test_a_key_that_can_not_be_used_is_named(
    change: dict[str, Any], said: str, services: Services, destination: ReadingDestination
) -> None:
    with pytest.raises(SettingsError, match=said):
        reader(destination.rule.model_copy(update=change), services)


def test_a_key_file_that_others_can_read_or_that_holds_no_key_is_refused(
    services: Services, destination: ReadingDestination
) -> None:
    destination.file.chmod(0o640)
    with pytest.raises(SettingsError, match="read by others"):
        reader(destination.rule, services)
    destination.file.chmod(0o600)
    for content in ("", "AGE-SECRET-KEY-1NONSENSE\n"):
        destination.file.write_text(content)
        with pytest.raises(SettingsError, match="can't be used"):
            reader(destination.rule, services)
