"""`satark qr`: makes the QR code that citizens scan, as a picture or as a poster to print."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from satark.printing.poster.target import QrTarget, QrTargetError, form_target, render_qr_code, whatsapp_target
from satark.settings.settings import Settings
from satark_files.extra_packages import needing
from satark_words.languages import languages_of

_SMALLEST, _LARGEST = 20, 100
"""Smallest and largest size of the code, in millimetres. A smaller code is hard to scan; a larger one does not fit the
poster."""
_DEFAULT_SIZE: Final = 84
_POSTER: Final = "satark.printing.poster"
_MOST_LANGUAGES: Final = 2
"""Most languages on a poster, if none are chosen."""


@click.command()
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--to",
    "where",
    type=click.Choice(["whatsapp", "form"]),
    default="whatsapp",
    show_default=True,
    help="What the code opens: a WhatsApp chat with Hi already typed, or the web form.",
)
@click.option("--number", help="The WhatsApp number with its country code, such as +91 98765 43210.")
@click.option("--username", default="", help="The number's WhatsApp username, to be printed beside it.")
@click.option("--url", help="The form's address.  [default: the setting public_url]")
@click.option(
    "--language",
    "languages",
    multiple=True,
    help="A language of the poster; may be given more than once, the first is printed larger.  [default: the first two "
    "of those that citizens are offered]",
)
@click.option("--title", default="", help="The service's name on the poster.  [default: Police Satark Mitra]")
@click.option("--size", type=click.IntRange(_SMALLEST, _LARGEST), default=_DEFAULT_SIZE, show_default=True,
              help="Width of the code in millimetres.")  # fmt: skip
def qr(  # noqa: PLR0917 - click passes options by name
    output: Path,
    where: str,
    number: str | None,
    username: str,
    url: str | None,
    languages: tuple[str, ...],
    title: str,
    size: int,
) -> None:
    """Write the QR code that citizens scan to OUTPUT.

    A name ending in .pdf gives a poster to print on A4; .png and .svg give the code alone.
    """
    file_type = {".png": "png", ".svg": "svg", ".pdf": "pdf"}.get(output.suffix.lower())
    if file_type is None:
        raise click.BadParameter(
            "the name must end in .pdf (a poster), .png or .svg (the code alone)", param_hint="OUTPUT"
        )
    target = _target(where, number, username.removeprefix("@"), url)
    if file_type == "pdf":
        with needing("printing"):
            from satark.printing.poster.poster import make_poster  # noqa: PLC0415 - the PDF library is for few machines

        content = make_poster(target, _languages(languages), title, size)
    else:
        content = render_qr_code(target, "png" if file_type == "png" else "svg", size)
    output.write_bytes(content)
    click.echo(f"{output} opens {target.url}")


def _languages(chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the poster's languages: the chosen ones, or the first of the offered languages in which there is a
    poster."""
    offered = Settings().core.languages  # read first: they say where further languages are
    known = languages_of(_POSTER)
    if unknown := [one for one in chosen if one not in known]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(map(repr, known))}", param_hint="--language")
    spoken = tuple(dict.fromkeys(chosen)) or tuple(one for one in offered if one in known)[:_MOST_LANGUAGES]
    return spoken or known[:_MOST_LANGUAGES]


def _target(where: str, number: str | None, username: str, url: str | None) -> QrTarget:
    try:
        if where == "whatsapp":
            if not number:
                raise click.UsageError("--number is missing: give the WhatsApp number, such as '+91 98765 43210'")
            return whatsapp_target(number, username)
        if url := url or Settings().core.public_url:
            return form_target(url)
    except QrTargetError as error:
        raise click.UsageError(str(error)) from error
    raise click.UsageError("--url is missing: give the form's address, or set public_url (SATARK_PUBLIC_URL)")
