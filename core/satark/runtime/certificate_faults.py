"""Looks at the certificate of the public address: providers stop delivering when it has ended."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Final
from urllib.parse import urlsplit

from satark.telemetry.faults import Fault

DAYS: Final = 14
"""Days before its end from which a certificate is a fault: it should have been renewed by then."""
SECONDS: Final = 5.0
"""Seconds that a connection may take."""
_DAY: Final = 86_400
_DO: Final = "renew it (certbot renew) and reload the proxy: providers stop delivering when it has ended"


def certificate_faults(public_url: str, context: ssl.SSLContext | None = None) -> list[Fault]:
    """Check the certificate of the public address as a provider does. An address that can't be reached is no fault."""
    parts = urlsplit(public_url)
    if parts.scheme != "https" or not parts.hostname:
        return []
    host = parts.hostname
    try:
        ends = _end(host, parts.port or 443, context or ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        return [Fault("certificate_wrong", f"the certificate of {host} is refused: {error.verify_message}", _DO)]
    except OSError:
        return []
    left = (ends - time.time()) / _DAY
    if left >= DAYS:
        return []
    return [Fault("certificate_ends", f"the certificate of {host} ends in {left:.0f} days", _DO)]


def _end(host: str, port: int, context: ssl.SSLContext) -> float:
    with (
        socket.create_connection((host, port), SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=host) as tls,
    ):
        certificate = tls.getpeercert() or {}
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))
