"""A mail server in this process that fails on demand (aiosmtpd)."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Fault: TypeAlias = str
"""An SMTP reply such as `451 later`; `cut` (the connection ends after the mail, without a reply); or `hang`."""


class Certificate(NamedTuple):
    """A self-signed certificate for localhost, and its key."""

    certificate: Path
    key: Path


def self_signed(folder: Path, *, days: int = 2, host: str = "localhost") -> Certificate:
    """Make a certificate for `host` and 127.0.0.1. If `days` is negative, the certificate has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names = x509.SubjectAlternativeName([x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    found = Certificate(folder / "cert.pem", folder / "key.pem")
    found.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    found.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    return found


class Received(NamedTuple):
    """One mail that the server accepted."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    """Whether the connection was encrypted."""


class MailPeer:
    """A mail server that fails on demand. `faults` has one entry per mail; None stands for no fault."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.faults: deque[Fault | None] = deque()
        self.choose: Callable[[Received], Fault | None] | None = None
        """Chooses the fault for each mail, in place of `faults`."""
        self.refused: dict[str, str] = {}
        """Address of a recipient that is refused → the SMTP reply."""
        self.cut: list[Received] = []
        """Mails whose connection was closed without a reply. The client can't know whether they were accepted."""
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept or refuse a recipient."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Accept or refuse a mail."""
        content = envelope.original_content or b""
        recipients = tuple(str(address) for address in envelope.rcpt_tos)
        mail = Received(str(envelope.mail_from), recipients, content, session.ssl is not None)
        fault = self.choose(mail) if self.choose else self.faults.popleft() if self.faults else None
        if fault is None:
            self.received.append(mail)
            return "250 OK"
        if fault == "hang":
            await asyncio.Event().wait()
        if fault == "cut":
            self.cut.append(mail)
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
            return "421 gone"
        return fault


@asynccontextmanager
async def mail_server(
    peer: MailPeer, certificate: Certificate | None, *, tls: bool = False, password: str = ""
) -> AsyncIterator[MailPeer]:
    """Serve a peer on a free port: with STARTTLS if there is a certificate, or with implicit TLS (`tls`).

    With a `password`, the user `satark` must authenticate.
    """
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)

    def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> Any:
        from aiosmtpd.smtp import AuthResult  # noqa: PLC0415 - needed here alone

        valid = (data.login, data.password) == (b"satark", password.encode())
        return AuthResult(success=valid, handled=False)

    def protocol() -> SMTP:
        return SMTP(
            peer,
            tls_context=None if tls else context,
            require_starttls=context is not None and not tls,
            authenticator=authenticate if password else None,
            auth_required=bool(password),
            auth_require_tls=not tls,
            hostname="localhost",
            ident="peer",
            enable_SMTPUTF8=True,
            data_size_limit=64_000_000,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", peer.port, ssl=context if tls else None)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
