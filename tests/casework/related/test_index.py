"""Related tips of a desk: each reason, the changes that matter, and that no clue is ever written to a database."""

from __future__ import annotations

from typing import Any

import pytest

from satark.api.tip import Message
from satark.casework.casework import Casework
from satark.services import Services
from satark.store.tables import databases
from satark_testing.identifier_search import files_below
from support.desks import SeededDesk
from support.tips import SeededTip, seed_file, seed_message, seed_tip

pytestmark = pytest.mark.slow("a desk at work")


def related(casework: Casework, seeded: SeededTip) -> dict[str, dict[str, str]]:
    found = casework.related_tips(casework.open(seeded.number))
    return {one.summary.header.number: {str(reason): shared for reason, shared in one.reasons.items()} for one in found}


def saying(what: str, **answers: Any) -> dict[str, Any]:
    return {"category": "OTHER", "what": what, **answers}


LONG = "बंद सिनेमा हॉल के तहखाने में बावन पत्तों का खेल और लाखों का दांव लगता है"
COPIED = "band cinema hall ke tahkhane me bawan patton ka khel aur lakhon ka daanv lagta hai bhai"
PIN = {"latitude": 25.281, "longitude": 82.999}
PAIRS: list[tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = [
    (saying("UP65 CD 4411 से आते हैं"), saying("car no up65cd4411"), {"plate": "UP65CD4411"}),
    (saying("call 98765-43210"), saying("नंबर ९८७६५ ४३२१०"), {"phone": "9876543210"}),
    (saying("राजू यादव जुआ खिलाता है"), saying("raju yadav sells smack"), {"person": ""}),
    (saying("पप्पू उर्फ कालिया"), saying("pappu urf kaliya"), {"person": ""}),
    (saying("जुआ", place=PIN), saying("शराब", place={**PIN, "latitude": 25.2814}), {"place": ""}),
    (saying("x", place={"text": "पानी टंकी, नगवा"}), saying("y", place={"text": "nagwa pani ki tanki"}), {"place": ""}),
    (saying(LONG), saying(COPIED), {"text": ""}),
    (saying("UP65CD4411"), saying("UP65CD4412"), {}),
    (saying("112 पर फोन किया"), saying("called 112 and 1090"), {}),
    (saying("राजू यादव"), saying("राजू पटेल"), {}),
    (saying("जुआ", place=PIN), saying("जुआ", place={**PIN, "latitude": 25.283}), {}),
]


def test_each_reason_relates_tips_of_one_desk(services: Services, sp: SeededDesk, dig: SeededDesk) -> None:
    for one, other, reasons in PAIRS:
        pair = [seed_tip(services, [sp.desk], answers=answers, station="lanka") for answers in (one, other)]
        seed_tip(services, [dig.desk], answers=one, station="lanka")
        found = related(sp.casework, pair[0])
        assert found.get(pair[1].number, {}) == reasons, (one, other)
        assert found.keys() <= related_to(services, sp)


def related_to(services: Services, desk: SeededDesk) -> set[str]:
    return {one.header.number for one in desk.casework.summaries()}


def test_the_same_picture_and_one_that_looks_alike_are_reasons(services: Services, sp: SeededDesk) -> None:
    tips = [seed_tip(services, [sp.desk], answers=saying("x"), evidence=("1",)) for _ in range(4)]
    looks = ("0f1e2d3c4b5a6978", "0f1e2d3c4b5a6978", "0f1e2d3c4b5a697f", "f0e1d2c3b4a59687")
    for tip, content, bits in zip(tips, (b"one", b"one", b"two", b"three"), looks, strict=True):
        seed_file(services, tip, "1", content, looks=bits)
    found = related(sp.casework, tips[0])
    assert found == {tips[1].number: {"picture": ""}, tips[2].number: {"alike": ""}}


def test_a_tipsters_new_message_relates_tips_at_once(services: Services, sp: SeededDesk) -> None:
    one, other = (seed_tip(services, [sp.desk], answers=saying(word)) for word in ("a", "b"))
    assert related(sp.casework, one) == {}
    for tip in (one, other):
        seed_message(services, tip, Message(sender="tipster", text="गाड़ी UP32 AB 0042"))
    assert related(sp.casework, one) == {other.number: {"plate": "UP32AB0042"}}


def test_an_officers_words_relate_nothing(services: Services, sp: SeededDesk) -> None:
    one, other = (seed_tip(services, [sp.desk], answers=saying(word)) for word in ("a", "b"))
    for tip in (one, other):
        sp.casework.note(sp.casework.open(tip.number), "is it UP32 AB 0042?")
    assert related(sp.casework, one) == {}


def test_no_clue_is_written_to_a_database(services: Services, sp: SeededDesk) -> None:
    tips = [
        seed_tip(
            services,
            [sp.desk],
            answers=saying(
                f"राजू यादव, UP65CD4411, 9876543210, चित्रकूटनगर. {LONG}", place={"text": "पानी टंकी विश्वनाथगली"}
            ),
        )
        for _ in range(2)
    ]
    casework = sp.casework_of("officer")
    assert related(casework, tips[0])[tips[1].number].keys() == {"plate", "phone", "person", "text", "place"}
    secrets = [b"UP65CD4411", b"9876543210", b"raju", "राजू".encode(), b"vsvntgl", "टंकी".encode(), b"ctrktngr"]
    written = [*files_below(services.data_dir).values(), *rows_of(services)]
    assert written
    assert [secret for secret in secrets for content in written if secret in content] == []


def rows_of(services: Services) -> list[bytes]:
    """All values in both databases, as text."""
    found = []
    for read, metadata in ((services.read, databases.main), (services.read_keys, databases.keys)):
        for table in metadata.sorted_tables:
            values = (value for row in _all_of(read, table) for value in row)
            found += [value if isinstance(value, bytes) else str(value).encode() for value in values]
    return found


def _all_of(read: Any, table: Any) -> Any:
    return read(lambda connection: connection.execute(table.select()).all())


def test_no_repr_shows_a_clue(services: Services, sp: SeededDesk) -> None:
    tip = seed_tip(services, [sp.desk], answers=saying("राजू यादव UP65CD4411"))
    other = seed_tip(services, [sp.desk], answers=saying("UP65CD4411"))
    (found,) = sp.casework.related_tips(sp.casework.open(tip.number))
    cached = sp.casework.cache.find(other.id)[1].clues()
    shown = f"{found!r} {cached!r} {sp.casework.cache.related!r} {sp.casework.cache.related.find(tip.id)!r}"
    assert "4411" not in shown
