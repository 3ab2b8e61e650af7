"""`satark replay`: signs a recorded request of a provider and posts it to a running server."""

import asyncio
from pathlib import Path
from typing import Final

import aiohttp
import click

from satark.api.channel import Channel, Endpoint, RawRequest, SigningChannel
from satark.api.settings import provider_url
from satark.runtime import compose
from satark.runtime.commands import plugins_of, settings_of

_SECONDS: Final = 30
_SHOWN: Final = 2000
"""Largest number of characters of the response that are printed."""
_TYPES: Final = {".json": "application/json", ".xml": "application/xml"}
_FORM: Final = "application/x-www-form-urlencoded"


@click.command("replay")
@click.argument("fixture", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channel", "name", required=True, help="The channel whose provider sent it, such as whatsapp.")
@click.option("--path", help="The webhook's path.  [default: the channel's first]")
@click.option("--query", default="", help="The query of the request, as it was recorded.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True,
              help="Where the server listens: https, or plain http on this machine.")  # fmt: skip
@click.pass_context
def replay(ctx: click.Context, fixture: Path, *, name: str, path: str | None, query: str, url: str) -> None:
    """Post FIXTURE, the recorded body of a provider's request, into a running server.

    For a provider that only uses GET, it holds the query. The channel signs it with the secrets of the settings. It is
    a message like any other: repeating it has no effect unless its id is changed. Never record a citizen's message.
    """
    channel = _channel(ctx, name)
    if not isinstance(channel, SigningChannel):
        raise click.ClickException(
            f"the channel {name!r} can't sign: give it a method `sign` (satark.api.channel.SigningChannel)"
        )
    raw = channel.sign(_recorded(_endpoint(channel, path), fixture, query))
    if not channel.verify(raw):
        raise click.ClickException(
            f"the channel {name!r} does not verify what it signed: is {fixture} a request of it?"
        )
    try:
        status, text = asyncio.run(_post(provider_url(url), raw, _TYPES.get(fixture.suffix, _FORM)))
    except ValueError as error:
        raise click.ClickException(f"--url {error}") from None
    except (aiohttp.ClientError, OSError) as error:
        raise click.ClickException(
            f"{url} can't be reached ({type(error).__name__}): does `satark serve` run?"
        ) from None
    click.echo(f"{status}\n{text[:_SHOWN]}".rstrip())
    if status != 200:  # noqa: PLR2004 - as every provider counts it
        raise click.exceptions.Exit(1)


def _channel(ctx: click.Context, name: str) -> Channel:
    channels = {channel.name: channel for channel in compose.load_channels(settings_of(ctx), plugins_of(ctx))}
    if name not in channels:
        raise click.ClickException(f"no channel {name!r} is configured ({', '.join(channels) or 'there is none'})")
    return channels[name]


def _endpoint(channel: Channel, path: str | None) -> Endpoint:
    found = [one for one in channel.endpoints if path in {None, one.path}]
    if not found:
        paths = ", ".join(one.path for one in channel.endpoints) or "there is none"
        raise click.ClickException(f"the channel {channel.name!r} takes nothing at {path or 'any path'} ({paths})")
    return min(found, key=lambda one: "POST" not in one.methods)


def _recorded(endpoint: Endpoint, fixture: Path, query: str) -> RawRequest:
    if "POST" in endpoint.methods:
        return RawRequest(method="POST", path=endpoint.path, query=query, body=fixture.read_bytes())
    try:
        return RawRequest(method="GET", path=endpoint.path, query=fixture.read_text("ascii").strip())
    except UnicodeDecodeError:
        raise click.ClickException(f"{fixture} is no query: letters beyond ASCII are percent-encoded") from None


async def _post(url: str, raw: RawRequest, content_type: str) -> tuple[int, str]:
    address = f"{url}{raw.path}{'?' if raw.query else ''}{raw.query}"
    timeout, headers = aiohttp.ClientTimeout(total=_SECONDS), {**raw.headers, "Content-Type": content_type}
    async with (
        aiohttp.ClientSession(timeout=timeout) as client,
        client.request(raw.method, address, data=raw.body, headers=headers, allow_redirects=False) as response,
    ):
        return response.status, await response.text(errors="replace")
