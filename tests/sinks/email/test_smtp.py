"""SMTP: the server's reply decides the result, and no mail travels unencrypted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from satark.api.sink import DeadLetter, Done, Retry
from satark_testing.processes.service import free_port
from support.peers.mail import MailPeer, mail_server, self_signed


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        ("451 later", Retry("SMTPDataError 451")),
        ("552 too large", DeadLetter("the mail was refused: 552")),
        ("554 spam", DeadLetter("the mail was refused: 554")),
        ("421 shutting down", Retry("SMTPDataError 421", down=True)),
        ("cut", Retry("SMTPServerDisconnected")),
    ],
)
async def test_the_servers_reply_decides_the_result(fault: str, result: Any, office: Any, peer: MailPeer) -> None:
    peer.faults.append(fault)
    office.seed_tip(office.notification)
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        found = await sink.deliver(office.claim("email:notification")[0])
    if fault == "cut":
        assert isinstance(found, Retry)
        assert not found.down
    else:
        assert found == result
    assert peer.received == []


@pytest.mark.parametrize(
    ("refused", "result"),
    [
        (
            {"sp@up.example": "550 no", "reader@up.example": "551 no"},
            DeadLetter("2 of 2 recipients refused: 550, 551"),
        ),
        ({"sp@up.example": "550 no", "reader@up.example": "450 busy"}, Retry("2 of 2 recipients refused: 450, 550")),
    ],
)
async def test_the_reason_for_refused_recipients_holds_codes_and_no_address(
    refused: dict[str, str], result: Any, office: Any, peer: MailPeer
) -> None:
    peer.refused = refused
    office.seed_tip(office.notification)
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        assert await sink.deliver(office.claim("email:notification")[0]) == result


async def test_a_recipient_who_is_greylisted_gets_the_mail_later_and_nobody_gets_it_twice(
    office: Any, peer: MailPeer
) -> None:
    office.seed_tip(office.notification)
    (delivery,) = office.claim("email:notification")
    reasons = []
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        for fault in ({"reader@up.example": "451 greylisted"}, {"reader@up.example": "550 no"}):
            peer.refused = fault
            result = await sink.deliver(delivery)
            reasons.append((type(result), result.reason.partition(";")[0]))
            delivery = msgspec.structs.replace(delivery, last_reason=result.reason)
        peer.refused = {}
        peer.faults.append("451 later")
        broken = await sink.deliver(delivery)
        delivery = msgspec.structs.replace(delivery, last_reason=f"given up after 60 attempts: {broken.reason}")
        assert await sink.deliver(delivery) == Done()
    assert reasons == [(Retry, "1 of 2 recipients refused: 451"), (DeadLetter, "1 of 2 recipients refused: 550")]
    assert [mail.recipients for mail in peer.received] == [("sp@up.example",), ("reader@up.example",)]


@pytest.mark.slow("several servers")
async def test_a_server_that_hangs_or_is_absent_is_retried(office: Any, peer: MailPeer) -> None:
    peer.faults.append("hang")
    office.seed_tip(office.notification)
    (delivery,) = office.claim("email:notification")
    settings = office.settings(1, timeout_seconds=0.3)
    async with mail_server(peer, office.certificate):
        there = settings.model_copy(update={"port": peer.port})
        async with office.sink(there) as sink:
            result = await sink.deliver(delivery)
            assert (type(result), result.down) == (Retry, False)
    async with office.sink(settings.model_copy(update={"port": free_port()})) as sink:
        result = await sink.deliver(delivery)
        assert (type(result), result.down) == (Retry, True)


async def test_no_mail_is_sent_without_an_encrypted_connection_to_the_right_server(
    office: Any, peer: MailPeer, tmp_path: Path
) -> None:
    office.seed_tip(office.notification)
    (delivery,) = office.claim("email:notification")
    async with mail_server(peer, None), office.sink(office.settings(peer.port, tls="starttls")) as sink:
        result = await sink.deliver(delivery)
        assert (type(result), result.down) == (Retry, True), "STARTTLS is not offered"
    stranger, other = MailPeer(), self_signed(tmp_path, host="somebody.else")
    for certificate, trusted in ((office.certificate, None), (other, other.certificate)):
        async with mail_server(stranger, certificate):
            settings = office.settings(stranger.port, ca_file=trusted)
            async with office.sink(settings) as sink:
                result = await sink.deliver(delivery)
                assert (type(result), result.down) == (Retry, True), "its certificate is not trusted, or another's"
    assert peer.received + stranger.received == []


async def test_only_a_local_server_may_lack_starttls_and_the_client_uses_it_if_offered(
    office: Any, peer: MailPeer
) -> None:
    office.seed_tip(office.notification)
    (delivery,) = office.claim("email:notification")
    async with mail_server(peer, None), office.sink(office.settings(peer.port)) as sink:
        assert await sink.deliver(delivery) == Done()
    other = MailPeer()
    async with mail_server(other, office.certificate), office.sink(office.settings(other.port)) as sink:
        assert await sink.deliver(delivery) == Done()
    assert [mail.encrypted for mail in peer.received + other.received] == [False, True]
    assert office.settings(25, host="mail.example").start_tls is True


@pytest.mark.parametrize("password", ["right", "wrong"])
async def test_the_client_authenticates_over_tls(password: str, office: Any, peer: MailPeer, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("right\n")
    office.seed_tip(office.notification)
    async with mail_server(peer, office.certificate, password=password):
        settings = office.settings(peer.port, username="satark", password_file=file)
        async with office.sink(settings) as sink:
            result = await sink.deliver(office.claim("email:notification")[0])
    if password == "right":
        assert result == Done()
    else:
        assert result == Retry("SMTPAuthenticationError 535", down=True)


async def test_the_client_uses_implicit_tls_if_configured(office: Any, peer: MailPeer) -> None:
    office.seed_tip(office.notification)
    async with mail_server(peer, office.certificate, tls=True):
        settings = office.settings(peer.port, tls="tls")
        async with office.sink(settings) as sink:
            assert await sink.deliver(office.claim("email:notification")[0]) == Done()
