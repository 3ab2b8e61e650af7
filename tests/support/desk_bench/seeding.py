"""Many tips at one desk, sealed as the ingest seals them, stored a thousand in a transaction."""

from __future__ import annotations

import random
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from satark.api.sealing import new_identity, seal
from satark.api.tip import Envelope, Header, Message, Tip
from satark.identity.receipt_codes import new_number
from satark.identity.signatures import verifier_for
from satark.routing.authors import post_as_tipster
from satark.routing.sent import TIPSTER_USE, signed_as_sent
from satark.store import envelopes, tables
from satark_desk.sink import enqueue
from support.tips import tip_of

if TYPE_CHECKING:
    from satark.api.routing import Desk
    from satark.services import Services
    from satark.store.unit_of_work import UnitOfWork

_AT_ONCE: Final = 1000
_OTHER_DESKS: Final = 2
"""Each of them has a decoy in place of an envelope."""
_ANSWERED: Final = 0.5
"""Share of the tips whose tipster wrote once more."""
_SOUNDS: Final = "ka ga ta da na pa ba ma ra la va sa ha ki ti ni ri li su mu ru ko to ro क ग त द न प ब म र ल"
_SYLLABLES: Final = tuple(_SOUNDS.split())
_WORDS: Final = [*(a + b + c for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES[::7]), "हथियार", "शराब"]
_CATEGORIES: Final = ("INTOX", "ARMS", "GAMBLING", "CATTLE", "MINING", "TRAFFICKING")
_STATIONS: Final = ("lanka", "sigra", "chowk", "bhelupur", "cantt", "")


def seed(services: Services, desk: Desk, tips: int) -> None:
    """Store so many tips for a desk. The same numbers give the same tips."""
    chance = random.Random(tips)
    for start in range(0, tips, _AT_ONCE):
        count = min(_AT_ONCE, tips - start)
        services.write_now(lambda unit, count=count: _store(unit, desk, count, chance))  # type: ignore[misc]


def _store(unit: UnitOfWork, desk: Desk, count: int, chance: random.Random) -> None:
    receipt, _ = new_identity()
    rows, placed = [], {}
    for _ in range(count):
        recipient, identity = new_identity()
        tip = _tip(chance)
        key = f"{chance.getrandbits(128):032x}"
        id_ = tip_of(key)
        placed[id_] = 1
        rows.append(_row(id_, tip, recipient, receipt, unit.day))
        envelope = Envelope(
            tip=id_,
            desk=desk.name,
            identity=identity,
            header=_header(tip, chance),
            receipt=receipt,
            document_sha256=sha256(rows[-1]["document"]).hexdigest(),
            tipster_verifier=verifier_for(key, TIPSTER_USE),
        )
        sealed = envelopes.seal(signed_as_sent(envelope, key), desk.recipient)
        decoys = [secrets.token_bytes(len(sealed)) for _ in range(_OTHER_DESKS)]
        unit.queue(tables.envelope, envelopes.rows_of(unit.keys, {desk.name: sealed}, id_, decoys))
        if chance.random() < _ANSWERED:
            message = Message(sender="tipster", text=" ".join(chance.choices(_WORDS, k=8)))
            post_as_tipster(unit, id_, message, key, recipient, receipt)
    unit.queue(tables.tip, rows)
    enqueue(unit, placed)


def _tip(chance: random.Random) -> Tip:
    words = f"{' '.join(chance.choices(_WORDS, k=25))} UP65 {chance.choice('ABCD')}T {chance.randrange(10_000):04}"
    category, station = chance.choice(_CATEGORIES), chance.choice(_STATIONS)
    return Tip(
        number=new_number(),
        revision=1,
        flow="0" * 64,
        language=chance.choice(("hi", "en")),
        channel="chat",
        category=category,
        received=f"2026-{chance.randrange(1, 12):02}-{chance.randrange(1, 28):02}T{6 * chance.randrange(4):02}/PT6H",
        answers={"category": category, "what": words, "place": {"text": "लंका", "station": station}},
        district="varanasi",
        station=station,
    )


def _header(tip: Tip, chance: random.Random) -> Header:
    return Header(
        number=tip.number,
        revision=1,
        category=tip.category,
        language=tip.language,
        received=tip.received,
        priority=chance.choices(("normal", "high", "urgent"), (90, 8, 2))[0],
        district=tip.district,
        station=tip.station,
    )


def _row(id_: str, tip: Tip, recipient: str, receipt: str, day: int) -> dict[str, Any]:
    return {
        "id": id_,
        "number": tip.number,
        "revision": 1,
        "recipient": recipient,
        "key_changes": b"",
        "document": seal(tip, recipient),
        "day": day,
    }
