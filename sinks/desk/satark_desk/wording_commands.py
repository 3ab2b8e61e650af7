"""The commands of `satark desk` for the desk's wordings: list, save, remove."""

from __future__ import annotations

from pathlib import Path

import click

from satark.casework import SenderHints
from satark_desk.case_commands import desk_work, json_option
from satark_desk.command_context import at_desk, print_json
from satark_desk.web.page_text import officers_languages
from satark_desk.wordings import Wording, remove, save, wordings_of
from satark_words.terminal import escape_controls


@click.command("wordings")
@at_desk
@json_option
def wordings(*, desk: str, passphrase_file: Path, as_json: bool) -> None:
    """List the wordings of DESK: what its officers often write to tipsters."""
    with desk_work(desk, passphrase_file) as work:
        for one in wordings_of(work.services, work.unlocked):
            if as_json:
                print_json({"id": one.id, "language": one.language, "name": one.name, "text": one.text})
            else:
                click.echo(escape_controls(f"{one.id}  {one.language}  {one.name}: {one.text}"))


@click.command("save-wording")
@at_desk
@click.option("--language", type=click.Choice(officers_languages()), required=True, help="In which it is written.")
@click.option("--name", required=True, help="What officers pick it by.")
@click.option("--text", required=True, help="What tipsters read; nothing of a tip belongs in.")
def save_wording(*, desk: str, passphrase_file: Path, language: str, name: str, text: str) -> None:
    """Save a wording for all officers of DESK, and print its id."""
    with desk_work(desk, passphrase_file) as work:
        new = Wording(language=language, name=name.strip(), text=text.strip())
        for phrase in SenderHints.of_texts([new.name, new.text], work.services.geography).phrases:
            click.echo(f"this may point to a tipster, and stands in every tip: {escape_controls(phrase)}", err=True)
        click.echo(save(work.services, work.unlocked, new))


@click.command("remove-wording")
@at_desk
@click.argument("id_", metavar="ID")
def remove_wording(*, desk: str, passphrase_file: Path, id_: str) -> None:
    """Remove the wording ID of DESK."""
    with desk_work(desk, passphrase_file) as work:
        remove(work.services, work.unlocked, id_)
        click.echo(f"wording {id_} is removed")


COMMANDS = (wordings, save_wording, remove_wording)
