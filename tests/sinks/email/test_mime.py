"""Mails: the readable part has one size, and the encrypted part holds the rest."""

from __future__ import annotations

import email
import random
import re
from datetime import UTC, datetime
from email.message import Message
from email.policy import default

import pytest

from satark_email import mime
from satark_email.mime import Attachment, OuterHeaders, message_id
from satark_email.settings import EmailDestination
from satark_testing.identifier_search import needles

DESTINATION = EmailDestination(recipients=("sp@up.example", "reader@up.example"), language="en")


def headers(key: str, hour: int = 3) -> OuterHeaders:
    when = datetime(2026, 11, 24, hour, tzinfo=UTC)
    return OuterHeaders(sender="satark@tips.example", destination=DESTINATION, key=key, when=when)


def test_two_notifications_differ_only_in_their_id_and_time() -> None:
    one, other = mime.notification(headers("a")), mime.notification(headers("b", 9))
    assert len(one) == len(other)
    first, second = (email.message_from_bytes(mail, policy=default) for mail in (one, other))
    assert {name for name in first if first[name] != second[name]} == {"Date", "Message-ID"}
    assert first["Auto-Submitted"] == "auto-generated"


def test_the_message_id_is_the_same_for_a_repeated_mail_and_does_not_hold_the_key() -> None:
    assert message_id("the key", "satark@tips.example") == headers("the key").message_id
    assert "the key" not in message_id("the key", "satark@tips.example")
    assert message_id("another", "satark@tips.example") != message_id("the key", "satark@tips.example")


OUTER = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
KEY = "email:sp 7f2b90d3c1a84e5f"


@pytest.mark.parametrize("mail", [mime.notification(headers(KEY)), mime.alarm(headers(KEY), "")])
def test_a_plain_mail_has_only_these_headers_and_none_holds_its_key(mail: bytes) -> None:
    """Nor a part of it, in any encoding: the key joins a mail to a delivery, and so to a tip."""
    parsed = email.message_from_bytes(mail, policy=default)
    of_content = ["Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    assert sorted(parsed.keys()) == sorted([*OUTER, *of_content])
    assert_names_nothing(parsed)


def test_an_encrypted_mail_has_only_these_headers_and_none_holds_its_key() -> None:
    parsed = email.message_from_bytes(mime.pgp_mime(headers(KEY), b"x"), policy=default)
    assert sorted(parsed.keys()) == sorted([*OUTER, "Content-Type", "MIME-Version"])
    assert_names_nothing(parsed)


def assert_names_nothing(mail: Message) -> None:
    """Check that the Message-ID says nothing, and that no header says anything of the key."""
    assert re.fullmatch(r"<[0-9a-f]{32}@tips\.example>", mail["Message-ID"])
    text = "\n".join(str(value) for value in mail.values()).encode()
    parts = [KEY, *(KEY[at : at + 6] for at in range(len(KEY) - 5))]
    # The Message-ID is a hash of the whole key, which is random.
    found = [needle for part in parts for needle in needles(part) if needle.data.lower() in text.lower()]
    assert [one for one in found if not one.encoding.startswith("sha256")] == []


def test_message_ids_of_like_keys_are_unlike() -> None:
    ids = [message_id(f"{KEY}{number}", "satark@tips.example")[1:33] for number in range(20)]
    assert max(sum(a == b for a, b in zip(ids[0], one, strict=True)) for one in ids[1:]) < 16


def test_an_encrypted_mail_shows_a_constant_subject_and_its_two_parts() -> None:
    mail = email.message_from_bytes(mime.pgp_mime(headers("a"), b"-----BEGIN PGP MESSAGE-----"), policy=default)
    assert (mail["Subject"], mail.get_content_type()) == ("Satark", "multipart/encrypted")
    assert [part.get_content_type() for part in mail.iter_parts()] == [
        "application/pgp-encrypted",
        "application/octet-stream",
    ]


def test_the_real_subject_and_the_files_lie_inside() -> None:
    photo = Attachment("1.jpg", "image/jpeg", b"clean")
    inner = email.message_from_bytes(mime.protected_content("Satark K4Q7: हथियार", "गाँव", [photo]), policy=default)
    assert inner["Subject"] == "Satark K4Q7: हथियार"
    assert inner.get_param("protected-headers") == "v1"
    text, file = inner.iter_parts()
    assert text.get_content().strip() == "गाँव"
    assert (file.get_filename(), file.get_content()) == ("1.jpg", b"clean")
    assert repr(photo) == "Attachment(…)"


@pytest.mark.slow("two hundred photos")
def test_no_photo_is_matched_by_the_size_of_its_mail() -> None:
    photos = [random.randbytes(random.randint(12_000, 180_000)) for _ in range(200)]
    sizes = [len(mime.protected_content("Satark", "words", [Attachment("1.jpg", "image/jpeg", one)])) for one in photos]
    assert sum(sizes.count(one) == 1 for one in sizes) <= 20
    texts = {len(mime.protected_content("Satark", "गाँव " * n, [])) for n in (1, 20, 200)}
    assert texts == {mime.LEAST_BYTES}
