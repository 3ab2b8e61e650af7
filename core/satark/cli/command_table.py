"""The core's commands, each imported when it is asked for: `satark --help` and a command that runs import no other."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Final, NamedTuple

import click


class Listed(NamedTuple):
    """Where a command is, and what the list of commands says of it: the first sentence of its help."""

    module: str
    name: str
    says: str


LISTED: Final = {
    "audit": Listed("audit", "audit", "Verify the record of who did what."),
    "backup": Listed(
        "backup",
        "backup",
        "Write one consistent backup into the folder TO, while Satark runs, and remove old ones.",
    ),
    "canary": Listed(
        "canary",
        "canary",
        "Search for what identifies tipsters, in every encoding; exit with 1 if anything is found.",
    ),
    "check": Listed("check", "check", "Report what is wrong with the configuration."),
    "cost": Listed(
        "cost",
        "cost",
        "Show the outgoing messages and SMS segments that a tip takes, by channel and language, and their price.",
    ),
    "db": Listed("db", "db", "Upgrade or downgrade the databases."),
    "deliveries": Listed("deliveries", "deliveries", "Show deliveries and down destinations; retry dead letters."),
    "demo": Listed("demo", "demo", "Start the demo, with simulated phones at /simulator."),
    "deploy": Listed(
        "deploy",
        "deploy",
        "Print the files NAME of a deployment, for the settings that are in force; without NAME, list the names.",
    ),
    "destination": Listed("destination", "destination", "List destinations beyond the desks, and make their keys."),
    "docs": Listed("docs", "docs", "Tell where the documentation is; with WORDS, which pages have them in a heading."),
    "evidence": Listed("evidence", "evidence", "Verify evidence packs for a court."),
    "flow": Listed("flow", "flow", "Check, show or preview a questionnaire."),
    "geography": Listed(
        "geography", "geography", "Check the districts and stations that are covered, or make them of public lists."
    ),
    "keys": Listed("keys", "keys", "Change keys that are files."),
    "language": Listed(
        "language", "language_group", "Add a language: one folder of catalogues, for everything that Satark says."
    ),
    "plugin": Listed("plugin", "plugin", "Start a plugin of your own, and see what it is held to."),
    "plugins": Listed("plugins", "plugins", "List the installed plugins, and which are loaded."),
    "probe": Listed(
        "synthetic_tip",
        "probe_command",
        "Send a synthetic tip through the path that every tip takes, and erase it; exit with 1 if it is lost.",
    ),
    "qr": Listed("qr", "qr", "Write the QR code that citizens scan to OUTPUT."),
    "replay": Listed(
        "replay", "replay", "Post FIXTURE, the recorded body of a provider's request, into a running server."
    ),
    "restore": Listed(
        "backup",
        "restore",
        "Restore a backup from the folder FROM into the empty databases that the settings name.",
    ),
    "retention": Listed(
        "retention", "retention", "Show which tips are due to be erased and which are held; erase what is due."
    ),
    "roster": Listed("roster", "roster", "Who may read, and who said so: desks, keys, officers, destinations."),
    "serve": Listed("serve", "serve", "Serve channels, background work and the officers' desk."),
    "verify": Listed(
        "backup",
        "verify",
        "Verify a backup in the folder FROM; exit with 1 if anything is missing or altered, and name it.",
    ),
    "voice": Listed("voice", "voice", "Prompts that are heard: voice notes in chats, and phone calls."),
}


class CommandTable(MutableMapping[str, click.Command]):
    """The commands by name, for a group."""

    def __init__(self) -> None:
        self._more: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        """Import a command."""
        if name in self._more:
            return self._more[name]
        listed = LISTED[name]
        command: click.Command = getattr(import_module(f"satark.cli.{listed.module}"), listed.name)
        return command

    def __setitem__(self, name: str, command: click.Command) -> None:
        """Add a command that is imported already."""
        self._more[name] = command

    def __delitem__(self, name: str) -> None:
        """Take such a command out."""
        del self._more[name]

    def __iter__(self) -> Iterator[str]:
        """Give the names."""
        return iter({**LISTED, **self._more})

    def __len__(self) -> int:
        """Count the commands."""
        return len({**LISTED, **self._more})
