"""`satark demo`: all of Satark on one machine, with simulated phones."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import click

from satark.telemetry.logs import configure_logging
from satark_demo.server import DemoServer
from satark_testing.processes.serving import StartError

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen at; 0 chooses a free one.",
)
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Data folder of the demo.")
@click.option("--sample-week", is_flag=True, help="Fill empty desks with tips to play with, and two stations.")
def demo(host: str, port: int, data_dir: Path | None, *, sample_week: bool) -> None:
    """Start the demo, with simulated phones at /simulator.

    It has an embedded database, two desks and every channel. WhatsApp, Telegram, Twilio and a police system are
    simulated. If a setting SATARK_WHATSAPP__…, SATARK_TELEGRAM__…, SATARK_TWILIO__… or SATARK_POLICE_SYSTEM__… is
    given, the demo uses that real one instead.
    """
    configure_logging(json=False)
    if host not in _LOOPBACK:
        click.echo(
            "Warning: everybody who reaches this address can read every tip of this demo. Do not send real tips.",
            err=True,
        )
    with _listen(host, port) as listening:
        try:
            asyncio.run(DemoServer(data_dir, listening, click.echo, sample_week=sample_week).run())
        except StartError:
            raise click.ClickException("the demo did not start; see the lines above") from None
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise click.ClickException(f"the data folder can't be used: {error}") from None
    click.echo("stopped")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        hint = "stop the program that uses it, or choose another port with --port (with make: PORT=…)"
        raise click.ClickException(f"can't listen at {host}:{port} ({error.strerror}): {hint}") from None
