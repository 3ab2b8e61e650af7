"""Mails: the readable part has one size, and the encrypted part holds the rest."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email.policy import default

from satark_email import mails
from satark_email.mails import Attachment, OuterHeaders, message_id
from satark_email.settings import EmailDestination

DESTINATION = EmailDestination(recipients=("sp@up.example", "reader@up.example"), language="en")


def headers(key: str, hour: int = 3) -> OuterHeaders:
    when = datetime(2026, 11, 24, hour, tzinfo=UTC)
    return OuterHeaders(sender="satark@tips.example", destination=DESTINATION, key=key, when=when)


def test_two_notifications_differ_in_their_id_and_time_alone() -> None:
    one, other = mails.notification(headers("a")), mails.notification(headers("b", 9))
    assert len(one) == len(other)
    first, second = (email.message_from_bytes(mail, policy=default) for mail in (one, other))
    assert {name for name in first if first[name] != second[name]} == {"Date", "Message-ID"}
    assert first["Auto-Submitted"] == "auto-generated"


def test_the_message_id_is_the_same_for_a_repeated_mail_and_does_not_hold_the_key() -> None:
    assert message_id("the key", "satark@tips.example") == headers("the key").message_id
    assert "the key" not in message_id("the key", "satark@tips.example")
    assert message_id("another", "satark@tips.example") != message_id("the key", "satark@tips.example")


def test_an_encrypted_mail_shows_a_constant_subject_and_its_two_parts() -> None:
    mail = email.message_from_bytes(mails.pgp_mime(headers("a"), b"-----BEGIN PGP MESSAGE-----"), policy=default)
    assert (mail["Subject"], mail.get_content_type()) == ("Satark", "multipart/encrypted")
    assert [part.get_content_type() for part in mail.iter_parts()] == [
        "application/pgp-encrypted",
        "application/octet-stream",
    ]


def test_the_real_subject_and_the_files_lie_inside() -> None:
    photo = Attachment("1.jpg", "image/jpeg", b"clean")
    inner = email.message_from_bytes(mails.protected_content("Satark K4Q7: हथियार", "गाँव", [photo]), policy=default)
    assert inner["Subject"] == "Satark K4Q7: हथियार"
    assert inner.get_param("protected-headers") == "v1"
    text, file = inner.iter_parts()
    assert text.get_content().strip() == "गाँव"
    assert (file.get_filename(), file.get_content()) == ("1.jpg", b"clean")
    assert repr(photo) == "Attachment(…)"
