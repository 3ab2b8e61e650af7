"""`satark demo`: everything on one machine, with a phone to try it on."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import click

from satark.demo.server import DemoServer, StartError
from satark.telemetry.logs import configure_logging

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: a free one.")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Folder of the demo's data.")
def demo(host: str, port: int, data_dir: Path | None) -> None:
    """Start the demo: an embedded database, two desks, and at /simulator phones with every medium.

    WhatsApp, Telegram, Twilio and a police system are pretended, each unless something of SATARK_WHATSAPP__…,
    SATARK_TELEGRAM__…, SATARK_TWILIO__… or SATARK_POLICE_SYSTEM__… is set: then the demo uses the real one.
    """
    configure_logging(json=False)
    if host not in _LOOPBACK:
        click.echo("Whoever reaches this address can read every tip of this demo: send no real one.", err=True)
    with _listen(host, port) as listening:
        try:
            asyncio.run(DemoServer(data_dir, listening, click.echo).run())
        except StartError:
            raise click.ClickException("the demo did not start; the lines above say why") from None
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise click.ClickException(f"the data folder can't be used: {error}") from None
    click.echo("stopped")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        hint = "stop what listens there, or choose another with --port (with make: PORT=…)"
        raise click.ClickException(f"can't listen at {host}:{port} ({error.strerror}): {hint}") from None
