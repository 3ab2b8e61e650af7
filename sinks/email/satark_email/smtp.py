"""SMTP: send one mail, and turn the server's reply into a delivery result. Results hold codes, never addresses."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiosmtplib
from aiosmtplib.typing import SMTPStatus

from satark.api import DeadLetter, DeliveryResult, Done, Retry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from satark_email.settings import EmailDestination, EmailSettings

_PERMANENT = 500


class SmtpClient:
    """Sends mails, each over a connection of its own."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._tls = ssl.create_default_context(cafile=settings.ca_file)

    async def find_faults(self) -> str:
        """Connect, encrypt and sign in as for a mail, but send none; return a code of what failed, or nothing."""
        server = aiosmtplib.SMTP(**self._connection())
        try:
            async with server:
                await server.noop()
        except aiosmtplib.SMTPResponseException as error:
            return f"{type(error).__name__} {error.code}"
        except (aiosmtplib.SMTPException, OSError) as error:
            return type(error).__name__
        return ""

    async def send(self, mail: bytes, destination: EmailDestination) -> DeliveryResult:
        """Send a mail to all recipients of a destination."""
        sender, recipients = self._settings.sender, list(destination.recipients)
        try:
            refused, _ = await aiosmtplib.send(mail, sender=sender, recipients=recipients, **self._connection())
        except aiosmtplib.SMTPException as error:
            return classify_error(error)
        except OSError as error:
            return Retry(type(error).__name__, down=True)
        return _some_refused(refused.values(), len(destination.recipients)) if refused else Done()

    def _connection(self) -> dict[str, Any]:
        """Return how to reach the server and sign in.

        Read the password each time, since the password file may change.
        """
        settings = self._settings
        return {
            "hostname": settings.host,
            "port": settings.port,
            "username": settings.username or None,
            "password": _password(settings.password_file),
            "local_hostname": settings.sender.partition("@")[2],
            "use_tls": settings.tls == "tls",
            "start_tls": settings.start_tls,
            "tls_context": None if settings.tls == "none" else self._tls,
            "timeout": settings.timeout_seconds,
        }


def classify_error(error: aiosmtplib.SMTPException) -> DeliveryResult:
    """Turn a failure into a result: a 5xx about the mail or its recipients is final, everything else is retried."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _all_refused([one.code for one in error.recipients])
        case aiosmtplib.SMTPDataError() if error.code >= _PERMANENT:
            return DeadLetter(f"the mail was refused: {error.code}")
        case aiosmtplib.SMTPResponseException():
            # Authentication, our own address, STARTTLS: not the fault of this mail.
            broken = error.code >= _PERMANENT or error.code == SMTPStatus.domain_unavailable
            return Retry(f"{type(error).__name__} {error.code}", down=broken)
        case aiosmtplib.SMTPConnectError() | aiosmtplib.SMTPConnectTimeoutError():
            return Retry(type(error).__name__, down=True)
        case aiosmtplib.SMTPServerDisconnected() | aiosmtplib.SMTPTimeoutError():
            return Retry(type(error).__name__)
        case _:
            return Retry(type(error).__name__, down=True)


def _all_refused(codes: list[int]) -> DeliveryResult:
    if min(codes) >= _PERMANENT:
        return DeadLetter(f"every recipient was refused: {_listed(codes)}")
    return Retry(f"recipients refused: {_listed(codes)}")


def _some_refused(refused: Iterable[aiosmtplib.SMTPResponse], count: int) -> DeliveryResult:
    """Dead-letter a mail that only some recipients got, so that a person decides. A retry would reach those twice."""
    codes = [response.code for response in refused]
    return DeadLetter(f"{len(codes)} of {count} recipients refused: {_listed(codes)}")


def _listed(codes: Iterable[int]) -> str:
    return ", ".join(str(code) for code in sorted(set(codes)))


def _password(file: Path | None) -> str | None:
    return file.read_text().strip() if file else None
