"""A destination's reader opens tips only with its own key, and never returns a tipster's voice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from satark.api.routing import CaseworkError, Desk, DestinationRule
from satark.api.sealing import CantOpen, new_identity, open_as, open_envelope, recipient_of, seal
from satark.api.settings import SettingsError
from satark.api.sink import Delivery
from satark.api.tip import Message
from satark.casework.errors import NoSuchFile
from satark.custody import log as custody
from satark.delivery.destination_reader import DestinationReader
from satark.routing.desks import add_desk, close_roster
from satark.routing.renewals import tip_verifier
from satark.routing.tip_keys import TipRoot, TipsterReader
from satark.services import Services
from satark.store import envelopes, tables
from satark.store.threads import post
from satark.store.unit_of_work import UnitOfWork
from support.destination_key import DestinationKey
from support.store import fresh_services
from support.tips import claim_delivery, seed_file, seed_file_state, seed_message, seed_tip

TO = "email:cell"


class ReadingDestination(DestinationKey):
    """A destination with a key of its own, and the desk that it belongs to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, to=TO)
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


def with_key(rule: DestinationRule, identity: str, file: Path) -> DestinationRule:
    file.touch(0o600)
    file.write_text(identity)
    return rule.model_copy(update={"recipient": recipient_of(identity), "identity_file": file})


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
    opened = DestinationReader(services, destination.rule).open(delivery)
    content = opened.content
    assert (content.tip, content.header) == (seeded.tip, seeded.header)
    assert [message.text for message in content.thread] == ["और भी"]
    assert [record.ordinal for record in content.evidence] == ["1", "4"]
    assert (content.pending, content.lost, content.withheld, content.damaged) == (("2",), ("3",), (), 0)
    assert b"".join(opened.clean("1")) == b"clean"
    for ordinal in ("2", "3", "4", "5", "../1"):
        with pytest.raises(NoSuchFile):
            opened.clean(ordinal)
    assert seeded.number not in f"{opened!r}{content!r}"


def test_only_the_tipsters_submission_is_delivered_or_found(
    services: Services, destination: ReadingDestination
) -> None:
    seeded = seed_tip(services, [destination.desk], destination_rules=[destination.rule])
    recipient, identity = new_identity()
    forged_tip = msgspec.structs.replace(seeded.tip, answers={"what": "my neighbour sells arms"})
    document = seal(forged_tip, recipient, padded=4096)
    sealed = services.read_keys(lambda c: envelopes.find(c, seeded.id, TO))
    forged = msgspec.structs.replace(
        open_envelope(sealed or b"", destination.identity, tip=seeded.id, desk=TO),
        identity=identity,
        document_sha256=hashlib.sha256(document).hexdigest(),
    )

    def put_in_place(unit: UnitOfWork) -> None:
        envelopes.store(unit, seeded.id, TO, envelopes.seal(forged, destination.rule.recipient))
        unit.main.execute(update(tables.tip).values(document=document))

    services.write_now(put_in_place)
    reader = DestinationReader(services, destination.rule)
    with pytest.raises(CantOpen):
        reader.open(claim_delivery(services, TO))
    with pytest.raises(CantOpen):
        reader.find(seeded.number)


def test_the_custody_log_has_each_file_once_per_delivery_without_a_time(
    services: Services, destination: ReadingDestination
) -> None:
    seeded = seed_tip(services, [destination.desk], evidence=("1",), destination_rules=[destination.rule])
    seed_file(services, seeded, "1", b"original", b"clean")
    opened = DestinationReader(services, destination.rule).open(claim_delivery(services, TO))
    for _ in range(2):
        assert b"".join(opened.clean("1")) == b"clean"
    logged = services.read(lambda c: custody.read(c, seeded.id, seeded.identity))
    (left,) = [one.entry for one in logged if one.entry and one.entry.action == "exported"]
    assert (left.desk, left.form, left.at) == (TO, "clean", "")


@pytest.mark.parametrize(
    ("kind", "answers", "leaves"),
    [
        ("voice", {"what": {"voice": "1"}}, False),
        ("voice", {"what": "typed"}, False),
        ("audio", {"what": {"voice": "1"}}, False),
        ("audio", {"what": "typed"}, False),
        ("audio", {"what": "typed", "other": "1"}, True),
        ("video", {"what": "typed"}, True),
    ],
)
def test_no_destination_gets_the_tipsters_own_voice(
    kind: Any,
    answers: dict[str, Any],
    leaves: bool,  # noqa: FBT001
    services: Services,
    destination: ReadingDestination,
) -> None:
    seeded = seed_tip(
        services, [destination.desk], answers=answers, evidence=("1",), destination_rules=[destination.rule],
        consents={"1": "other"} if "other" in answers else {},
    )  # fmt: skip
    seed_file(services, seeded, "1", b"spoken", b"spoken, clean", kind=kind)
    opened = DestinationReader(services, destination.rule).open(claim_delivery(services, TO))
    assert [record.ordinal for record in opened.content.evidence] == ["1"] * leaves
    assert opened.content.withheld == (() if leaves else ("1",))
    if not leaves:
        with pytest.raises(NoSuchFile):
            opened.clean("1")


@pytest.mark.parametrize(("answer", "expected"), [("remove", b"film"), (None, b"film"), ("keep", b"film, sound")])
def test_a_film_is_delivered_without_sound_unless_its_sound_was_kept(
    answer: str | None, expected: bytes, services: Services, destination: ReadingDestination
) -> None:
    seeded = seed_tip(
        services,
        [destination.desk],
        consents={"1": answer} if answer else {},
        evidence=("1",),
        destination_rules=[destination.rule],
    )
    seed_file(services, seeded, "1", b"original", b"film, sound", muted=b"film", mime="video/mp4", kind="video")
    opened = DestinationReader(services, destination.rule).open(claim_delivery(services, TO))
    assert b"".join(opened.clean("1")) == expected


def test_only_the_destinations_key_opens_the_delivery(
    services: Services, destination: ReadingDestination, tmp_path: Path
) -> None:
    seeded = seed_tip(services, [destination.desk], destination_rules=[destination.rule])
    delivery = claim_delivery(services, TO)
    own = DestinationReader(services, destination.rule)
    for identity in (destination.desk_identity, new_identity()[1]):
        with pytest.raises(CantOpen):
            DestinationReader(services, with_key(destination.rule, identity, tmp_path / "other.key")).open(delivery)
    # The key fits, but the envelope is another destination's, another tip's, or the document was swapped.
    with pytest.raises(CantOpen):
        DestinationReader(services, destination.rule.model_copy(update={"to": "email:other"})).open(delivery)
    with pytest.raises(CantOpen):
        own.open(msgspec.structs.replace(delivery, tip="0" * 32))
    other = seed_tip(services, [destination.desk])
    swapped = services.read(lambda c: c.execute(tables.tip.select().where(tables.tip.c.id == other.id)).one())
    with pytest.raises(CantOpen):
        own.open(msgspec.structs.replace(delivery, document=swapped.document))
    assert seeded.id == delivery.tip


def test_a_destination_without_a_key_gets_its_desks_envelope(
    services: Services, destination: ReadingDestination
) -> None:
    carrier = DestinationRule(to="broker:north", desk="sp")
    services.destination_rules = (carrier,)
    seeded = seed_tip(services, [destination.desk], destination_rules=[carrier])
    delivery = claim_delivery(services, "broker:north")
    envelope = open_envelope(delivery.envelope, destination.desk_identity, tip=seeded.id, desk="sp")
    assert envelope.identity == seeded.identity


def test_messages_and_records_that_do_not_open_are_counted(services: Services, destination: ReadingDestination) -> None:
    seeded = seed_tip(services, [destination.desk], evidence=("1",), destination_rules=[destination.rule])
    seed_file(services, seeded, "1", b"original", b"clean")
    services.write_now(lambda unit: unit.main.execute(update(tables.file).values(record=b"junk")))
    row = {"tip": seeded.id, "seq": 1, "sealed": b"junk", "day": 0, "notified": True}
    services.write_now(lambda unit: unit.insert(tables.message, [row]))
    content = DestinationReader(services, destination.rule).open(claim_delivery(services, TO)).content
    assert (content.damaged, content.evidence, content.thread) == (2, (), ())


def test_a_changed_key_opens_old_and_new_tips(services: Services, destination: ReadingDestination) -> None:
    seed_tip(services, [destination.desk], destination_rules=[destination.rule])
    old: Delivery = claim_delivery(services, TO)
    recipient, identity = new_identity()
    destination.file.write_text(f"{identity}\n{destination.identity}\n")
    changed = destination.rule.model_copy(update={"recipient": recipient})
    seed_tip(services, [destination.desk], destination_rules=[changed])
    reader = DestinationReader(services, changed)
    assert reader.open(old).content.tip != reader.open(claim_delivery(services, TO)).content.tip


def test_a_destination_finds_its_tip_by_number_and_posts_a_message_to_it(
    services: Services, destination: ReadingDestination
) -> None:
    seeded = seed_tip(services, [destination.desk], evidence=("1",), destination_rules=[destination.rule])
    other = seed_tip(services, [destination.desk])
    seed_file(services, seeded, "1", b"original", b"clean")
    seed_message(services, seeded, Message(sender="tipster", text="और भी"))
    reader = DestinationReader.named(services, TO)
    found = reader.find(seeded.number)
    assert [message.text for message in found.content.thread] == ["और भी"]
    assert b"".join(found.clean("1")) == b"clean"
    with pytest.raises(NoSuchFile):
        found.clean("2")
    answer = Message(sender="desk", desk=TO, text="We are on it", status="IN_REVIEW")
    with pytest.raises(CaseworkError):  # nobody could tell it from what another holder of the tip wrote
        services.write_now(lambda unit: found.post(unit, answer))
    services.write_now(lambda unit: close_roster(unit, [destination.rule]))
    services.write_now(lambda unit: found.post(unit, answer))
    root = TipRoot(tip=seeded.id, recipient=seeded.recipient, verifier=tip_verifier(seeded.identity))
    query = select(tables.message.c.sealed).where(tables.message.c.seq == 2)
    sealed = services.read(lambda c: c.execute(query).scalar_one())
    told = open_as(Message, sealed, seeded.receipt_identity)
    assert TipsterReader(root, b"", services.roster_state()).may_show(2, told)
    assert [message.text for message in reader.find(seeded.number).content.thread] == ["और भी"]
    with pytest.raises(CaseworkError):
        reader.find(other.number)


def test_an_error_names_a_destination_without_a_table(services: Services) -> None:
    with pytest.raises(SettingsError, match="email:unknown"):
        DestinationReader.named(services, "email:unknown")
