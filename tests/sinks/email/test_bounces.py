"""Bounced mails become dead letters; any other mail to the sender's mailbox changes nothing."""

from __future__ import annotations

import mailbox
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given
from hypothesis import strategies as st

from satark.api.sink import Done
from satark.cli.main import cli
from satark.store import deliveries
from satark_email.bounces import Bounce, read_bounce
from satark_testing.waiting import until
from support.peers.exim import Exim
from support.peers.mail import Certificate

ID = "<0123456789abcdef0123456789abcdef@tips.example>"
HEADERS = f"From: satark@tips.example\r\nTo: gone@up.example\r\nSubject: Satark\r\nMessage-ID: {ID}\r\n\r\n"

Command = Callable[..., Result]


def report(*recipients: str, original: str = HEADERS, kind: str = "message/rfc822") -> bytes:
    """A delivery status notification (RFC 3464)."""
    status = "\r\n\r\n".join(("Reporting-MTA: dns; mx.up.example", *recipients))
    parts = (
        ("text/plain", "Your mail could not be delivered.\r\n"),
        ("message/delivery-status", f"{status}\r\n"),
        (kind, original),
    )
    bodies = "".join(f"--b\r\nContent-Type: {mime}\r\n\r\n{text}\r\n" for mime, text in parts)
    head = (
        "From: MAILER-DAEMON@up.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    )
    return f"{head}{bodies}--b--\r\n".encode()


GONE = "Final-Recipient: rfc822; gone@up.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no"
FULL = "Final-Recipient: rfc822; full@up.example\r\nAction: Failed\r\nStatus: 4.2.2 (mailbox full)"
LATE = "Final-Recipient: rfc822; slow@up.example\r\nAction: delayed\r\nStatus: 4.4.1"
THERE = "Final-Recipient: rfc822; sp@up.example\r\nAction: delivered\r\nStatus: 2.0.0"
GREETING = (
    f"From: sp@up.example\r\nSubject: Out of office\r\nIn-Reply-To: {ID}\r\nAuto-Submitted: auto-replied\r\n\r\nHi"
)


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (report(GONE), Bounce(ID, ("5.1.1",))),
        (report(THERE, GONE, FULL), Bounce(ID, ("4.2.2", "5.1.1"))),
        (report(GONE, kind="text/rfc822-headers"), Bounce(ID, ("5.1.1",))),
        (report(GONE.replace("Status: 5.1.1\r\n", "")), Bounce(ID, ())),
        (report(LATE), None),
        (report(THERE), None),
        (report(GONE, original="Subject: of nobody\r\n\r\n"), None),
        (report(GONE)[:200], None),
        (GREETING.encode(), None),
        (b"", None),
    ],
)
def test_only_a_failure_is_read_as_a_bounce_with_the_message_id_of_the_mail(
    mail: bytes, expected: Bounce | None
) -> None:
    assert read_bounce(mail) == expected


@pytest.mark.slow("a deeply nested mail")
@pytest.mark.parametrize("kind", ["multipart/mixed", "message/rfc822"])
def test_a_mail_nested_without_end_reports_no_failure(kind: str) -> None:
    nested = "".join(f'Content-Type: {kind}; boundary="b{at}"\r\n\r\n--b{at}\r\n' for at in range(5000))
    assert read_bounce(nested.encode()) is None


@given(st.binary(max_size=400), st.integers(0, 600))
@example(b"", 0)
@example(b";8\xe8\x82\x95LI\x82\xdfv%O\x8c\x1e|\xe3", 502)
def test_no_mail_makes_the_parser_raise(junk: bytes, at: int) -> None:
    complete = report(GONE)
    read_bounce(junk)
    read_bounce(complete[:at] + junk + complete[at:])


@pytest.fixture
def command(office: Any, tmp_path: Path) -> Command:
    """Run `satark email bounce` on a mail, and other commands, on the office's store."""
    environment = {
        "SATARK_DATA_DIR": str(tmp_path / "data"),
        "SATARK_PLUGINS": '["email"]',
        "SATARK_EMAIL__HOST": "localhost",
        "SATARK_EMAIL__SENDER": "satark@tips.example",
        "SATARK_EMAIL__OPERATORS": "operator@up.example",
    }

    def run(*words: str, mail: bytes | None = None) -> Result:
        return CliRunner(env=environment).invoke(cli, words or ("email", "bounce"), input=mail)

    return run


@pytest.mark.needs("exim")
async def test_a_mail_that_a_real_server_returns_becomes_a_dead_letter(
    office: Any, command: Command, certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = Path(tmp_path_factory.mktemp("exim"))
    for part in (folder, certificate.key.parent):
        for parent in (part, *part.parents[:3]):
            parent.chmod(parent.stat().st_mode | 0o011)  # Exim's own user must reach it
    office.seed_tip(office.notification)
    async with Exim(folder, certificate).running() as exim:
        settings = office.settings(exim.port, recipients=("gone@up.example",))
        async with office.sink(settings) as sink:
            (delivery,) = office.claim("email:notification")
            assert await sink.deliver(delivery) == Done()
        (row,) = office.services.read(lambda c: deliveries.list_deliveries(c, ["due"]))
        office.services.write_now(lambda unit: deliveries.mark_done(unit, [row["id"]]))
        await until(lambda: exim.mailbox.exists() and not exim.queued())
        box = mailbox.mbox(exim.mailbox, factory=None)
        (bounced,) = (box.get_bytes(key) for key in box.keys())  # noqa: SIM118 - iterating a mailbox gives messages
        box.close()
    result = command(mail=bounced)
    assert (result.exit_code, result.output) == (0, "dead letter recorded: see `satark deliveries dead`\n")
    (dead_letter,) = office.services.read(lambda c: deliveries.list_deliveries(c, ["dead_letter"]))
    assert (dead_letter["id"], dead_letter["reason"]) == (row["id"], "the mail came back: 5.0.0")
    assert "gone" not in str(dead_letter)
    assert "no delivery matches" in command(mail=bounced).output, "the same bounce once more changes nothing"
    assert command("deliveries", "retry", "--to", "email:notification").exit_code == 0


def test_a_mail_that_is_no_bounce_of_ours_changes_nothing(command: Command) -> None:
    for mail, said in ((GREETING.encode(), "reports no failure"), (report(GONE), "no delivery matches")):
        result = command(mail=mail)
        assert result.exit_code == 0
        assert said in result.output


def test_a_mail_server_is_asked_to_retry_while_the_database_is_down(command: Command, tmp_path: Path) -> None:
    database = tmp_path / "data" / "satark.db"
    database.unlink()
    database.mkdir()
    result = command(mail=report(GONE))
    assert result.exit_code == 75
    assert "later" in result.output
