"""SMTP: send one mail, and turn the server's reply into a delivery result. Results hold codes, never addresses."""

import ssl
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import aiosmtplib
import msgspec
from aiosmtplib.typing import SMTPStatus

from satark.api import DeadLetter, Delivery, DeliveryResult, Done, Retry
from satark_email.settings import EmailDestination, EmailSettings

_PERMANENT = 500
_REACHED: Final = "; reached: "
"""Stands in a reason before the recipients that have the mail, so that the next attempt goes to the others alone."""


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

    async def send(self, mail: bytes, destination: EmailDestination, delivery: Delivery) -> DeliveryResult:
        """Send a mail to those recipients of a destination that no earlier attempt reached."""
        reached = set(delivery.last_reason.partition(_REACHED)[2].split())
        tags = {one: _tag(delivery.idempotency_key, one) for one in destination.recipients}
        left = [one for one, tag in tags.items() if tag not in reached]
        result, refused = await self._send(mail, left) if left else (Done(), {})
        if result == Done():
            reached |= {tags[one] for one in left if one not in refused}
            result = _result(refused, len(tags))
        if isinstance(result, Done) or not reached:
            return result
        return msgspec.structs.replace(result, reason=f"{result.reason}{_REACHED}{' '.join(sorted(reached))}")

    async def _send(self, mail: bytes, recipients: list[str]) -> tuple[DeliveryResult, Mapping[str, int]]:
        """Send a mail; return the result, and the code of each recipient that the server refused."""
        try:
            answers, _ = await aiosmtplib.send(
                mail, sender=self._settings.sender, recipients=recipients, **self._connection()
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return Done(), {one.recipient: one.code for one in error.recipients}
        except aiosmtplib.SMTPException as error:
            return classify_error(error), {}
        except OSError as error:
            return Retry(type(error).__name__, down=True), {}
        return Done(), {address: answer.code for address, answer in answers.items()}

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


def _result(refused: Mapping[str, int], count: int) -> DeliveryResult:
    """Dead-letter a mail once the server refuses each recipient that is left for good, so that a person decides."""
    if not refused:
        return Done()
    reason = f"{len(refused)} of {count} recipients refused: {', '.join(map(str, sorted(set(refused.values()))))}"
    return DeadLetter(reason) if min(refused.values()) >= _PERMANENT else Retry(reason)


def _tag(key: str, address: str) -> str:
    """Return four digits that stand for a recipient in the reason of one delivery."""
    return sha256(f"{key} {address}".encode()).hexdigest()[:4]


def _password(file: Path | None) -> str | None:
    return file.read_text().strip() if file else None
