"""The sink `email`: notifications without content, and tips encrypted to their recipients' OpenPGP keys."""

import asyncio
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import aiosmtplib
import msgspec
from aiosmtplib.typing import SMTPStatus
from pysequoia import Cert

from satark.api import (
    CantOpen,
    CaseworkError,
    DeadLetter,
    Delivery,
    DeliveryResult,
    Destination,
    DestinationReader,
    Done,
    Evidence,
    OpenedTip,
    Retry,
    UnitOfWork,
    WorkerContext,
    log,
    open_connection,
    run_in_thread,
)
from satark_email import mime, openpgp
from satark_email.mail_text import TipText
from satark_email.mime import Attachment, OuterHeaders
from satark_email.settings import NOTIFICATION, EmailDestination, EmailSettings
from satark_files.file_endings import ending_of

POLL_SECONDS = 20.0
"""Seconds between two checks for notifications that are due."""
_ENCODED_RATIO = 2
"""Size of a mail relative to its attachments: base64 within armor gives some 1.8."""
_TEXT_BYTES = 50_000
"""Bytes left for the text of a mail."""
GRACE_SECONDS = 3600
"""Seconds after its scheduled time in which a notification is still sent. A machine that was off for longer skips the
notification."""
KIND = "notification"
"""The kind of these deliveries: `satark.api.Delivery.kind`."""


class EmailSink:
    """Delivers to every destination `email:<name>`."""

    name = "email"

    def __init__(self, context: WorkerContext, settings: EmailSettings, keys: Mapping[str, list[Cert]]) -> None:
        """`keys`: the OpenPGP certificates of the destinations that get encrypted tips."""
        self._context = context
        self._settings = settings
        self._keys = keys
        self._smtp = SmtpClient(settings)
        self._readers: dict[str, DestinationReader] = {}
        self._zone = timezone(parse_utc_offset(settings.utc_offset))

    def reads(self, name: str) -> bool:
        """Return whether the destination gets encrypted tips, and so must read them."""
        return name in self._keys

    async def open(self) -> None:
        """Load the keys of the destinations that read tips."""
        for rule in self._context.destination_rules:
            if rule.sink == self.name and self.reads(rule.name):
                self._readers[rule.to] = self._context.reader(rule.to)

    async def close(self) -> None:
        self._readers.clear()

    async def find_faults(self) -> Sequence[str]:
        """Sign in at the mail server: see `satark.api.FaultFinder`."""
        failed = await self._smtp.find_faults()
        server = f"{self._settings.host}:{self._settings.port}"
        return (
            [f"the mail server {server} does not take our mail ({failed}): look at [email] and at it"] if failed else []
        )

    async def listen(self) -> None:
        """Queue notifications when they are due."""
        if self._settings.destination(NOTIFICATION) is not None:
            times = self._settings.schedule_text
            log.info(f"notifications are sent {times}, with tips or without", sink=self.name)
        while True:
            if self._settings.destination(NOTIFICATION) is not None:
                await self._context.write(self.queue_due_notifications)
            await asyncio.sleep(POLL_SECONDS)

    def queue_due_notifications(self, unit: UnitOfWork) -> None:
        """Queue a delivery for each notification that is due and not queued yet."""
        settings = self._settings
        for notification_id in due_notifications(unit.now, settings.notification_times, settings.utc_offset):
            self._context.add_delivery(unit, notification_id, Destination.of(self.name, NOTIFICATION))

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Send one mail. A retry has the same Message-ID."""
        destination = self._settings.destination(delivery.name)
        if destination is None:
            return DeadLetter("no addresses are configured: see [email]")
        if delivery.kind == "tip" and delivery.name in self._keys:
            return await self._send_encrypted(delivery, destination)
        headers = self._headers(delivery, destination)
        mail = mime.alarm(headers, delivery.alarm) if delivery.kind == "alarm" else mime.notification(headers)
        return await self._smtp.send(mail, destination, delivery)

    async def _send_encrypted(self, delivery: Delivery, destination: EmailDestination) -> DeliveryResult:
        try:
            mail = await run_in_thread(self._encrypted, delivery, destination)
        except CantOpen:
            return DeadLetter("the tip can't be opened with this destination's key")
        except openpgp.CantOpen as error:
            return DeadLetter(str(error))
        except OSError as error:  # the store of files is down
            return Retry(type(error).__name__)
        return await self._smtp.send(mail, destination, delivery)

    def _encrypted(self, delivery: Delivery, destination: EmailDestination) -> bytes:
        """Build the encrypted mail of a tip, or a notification if even the tip's text is too large. Blocks."""
        certificates = self._keys[delivery.name]
        for certificate in certificates:
            openpgp.check_certificate(certificate)  # it may have expired since the start
        opened = self._readers[delivery.destination].open(delivery)
        attachments, omitted = self._attachments(opened)
        tip_text = TipText(destination.language, self._context.geography, self._context.questionnaire)
        names = [one.name for one in attachments]
        text = tip_text.body(opened.content, revision=delivery.revision, attached=names, omitted=omitted)
        content = mime.protected_content(tip_text.subject(opened.content), text, attachments)
        headers = self._headers(delivery, destination)
        mail = mime.pgp_mime(headers, openpgp.seal(content, certificates))
        return mail if len(mail) <= self._settings.max_bytes else mime.notification(headers)

    def _attachments(self, opened: OpenedTip) -> tuple[list[Attachment], list[str]]:
        """Read the clean copies that fit into one mail, in order; return them, and the ordinals of the other files."""
        attachments, omitted = [], []
        space = self._settings.max_bytes // _ENCODED_RATIO - _TEXT_BYTES
        for record in opened.content.evidence:
            one = _attachment(opened, record) if 0 < record.clean_bytes <= space else None
            if one is None:
                omitted.append(record.ordinal)
            else:
                space -= len(one.content)
                attachments.append(one)
        return attachments, omitted

    def _headers(self, delivery: Delivery, destination: EmailDestination) -> OuterHeaders:
        at = time_of(delivery.tip) if delivery.kind == KIND else int(time.time())
        when = datetime.fromtimestamp(at, UTC).astimezone(self._zone)
        return OuterHeaders(
            sender=self._settings.sender, destination=destination, key=delivery.idempotency_key, when=when
        )


def _attachment(opened: OpenedTip, record: Evidence) -> Attachment | None:
    try:
        content = b"".join(opened.clean(record.ordinal))
    except (CaseworkError, FileNotFoundError, CantOpen):
        return None
    return Attachment(f"{record.ordinal}{ending_of(record.clean_mime)}", record.clean_mime, content)


def parse_utc_offset(text: str) -> timedelta:
    """Parse an offset from UTC, such as `+05:30`."""
    hours, minutes = int(text[1:3]), int(text[4:6])
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def due_notifications(now: int, times: Sequence[str], utc_offset: str) -> Iterator[str]:
    """Yield the ids of the notifications that are due at a Unix time.

    An id is `notification:<Unix seconds>`, the same in every process and at every call.

    `times`: times of day, such as `09:00`. `utc_offset`: theirs from UTC, such as `+05:30`.
    """
    offset = parse_utc_offset(utc_offset)
    local = datetime.fromtimestamp(now, UTC) + offset
    for day in (local - timedelta(days=1), local):
        for of_day in times:
            moment = day.replace(hour=int(of_day[:2]), minute=int(of_day[3:]), second=0) - offset
            if 0 <= now - moment.timestamp() < GRACE_SECONDS:
                yield f"{KIND}:{int(moment.timestamp())}"


def time_of(notification_id: str) -> int:
    """Return the scheduled time of a notification, in Unix seconds."""
    return int(notification_id.partition(":")[2])


_PERMANENT = 500
_REACHED: Final = "; reached: "
"""Precedes, in a reason, the recipients that have the mail. The next attempt goes only to the others."""


class SmtpClient:
    """Sends mails, each over a connection of its own."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._tls = ssl.create_default_context(cafile=settings.ca_file)

    async def find_faults(self) -> str:
        """Connect, encrypt and sign in as for a mail, but send none; return a code of the failure, or nothing."""
        try:
            async with aiosmtplib.SMTP(**await self._connection()) as server:
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
            connection = await self._connection()
            answers, _ = await aiosmtplib.send(mail, sender=self._settings.sender, recipients=recipients, **connection)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return Done(), {one.recipient: one.code for one in error.recipients}
        except aiosmtplib.SMTPException as error:
            return classify_error(error), {}
        except OSError as error:
            return Retry(type(error).__name__, down=True), {}
        return Done(), {address: answer.code for address, answer in answers.items()}

    async def _connection(self) -> dict[str, Any]:
        """Connect; return the connection, which the client closes, and the credentials.

        Read the password each time, since the password file may change.
        """
        settings = self._settings
        password = _password(settings.password_file)
        connected = await open_connection(settings.host, settings.port, settings.timeout_seconds)
        return {
            "sock": connected,
            "hostname": settings.host,
            "username": settings.username or None,
            "password": password,
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
    """Dead-letter a mail once the server refuses each remaining recipient for good, so that a person decides."""
    if not refused:
        return Done()
    reason = f"{len(refused)} of {count} recipients refused: {', '.join(map(str, sorted(set(refused.values()))))}"
    return DeadLetter(reason) if min(refused.values()) >= _PERMANENT else Retry(reason)


def _tag(key: str, address: str) -> str:
    """Return four digits that stand for a recipient in the reason of one delivery."""
    return sha256(f"{key} {address}".encode()).hexdigest()[:4]


def _password(file: Path | None) -> str | None:
    return file.read_text().strip() if file else None
