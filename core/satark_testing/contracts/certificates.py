"""TLS with a certificate that nobody trusts, to find clients that check none."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

_IMPOSTOR: Final = Path(__file__).with_name("impostor.pem")
"""A certificate of `localhost` that nobody trusts, and its key."""


def untrusted() -> ssl.SSLContext:
    """Return the server's side of a connection with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_IMPOSTOR)
    return context


@contextmanager
def trusted_impostors() -> Iterator[list[str]]:
    """Let each client that checks certificates trust all of them. The list names the clients that check none."""
    careless, lenient = list[str](), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    lenient.check_hostname, lenient.verify_mode = False, ssl.CERT_NONE

    def watched(name: str) -> Callable[..., Any]:
        wrap = getattr(ssl.SSLContext, name)

        def wrapped(context: ssl.SSLContext, *given: Any, **more: Any) -> Any:
            checks = context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
            if not (checks or more.get("server_side")):
                careless.append(f"{name} with a context that checks no certificate, or no host's name")
            return wrap(lenient if checks else context, *given, **more)

        return wrapped

    with ExitStack() as stack:
        for name in ("wrap_bio", "wrap_socket"):
            stack.enter_context(patch.object(ssl.SSLContext, name, watched(name)))
        yield careless
