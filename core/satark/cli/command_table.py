"""The commands, each imported on first use: neither `satark --help` nor a running command imports the others.

Commands that need the test kit or the demo are in those packages, which the host does not import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Final, NamedTuple

import click


class Listed(NamedTuple):
    """The module of a command and its line in the list of commands, which is the first sentence of its help."""

    module: str
    name: str
    says: str


LISTED: Final = {
    "audit": Listed("satark.cli.audit", "audit", "Verify the record of who did what."),
    "backup": Listed(
        "satark.cli.backup",
        "backup",
        "Write one consistent backup into the folder TO, while Satark runs, and remove old ones.",
    ),
    "canary": Listed(
        "satark_testing.canary.command",
        "canary",
        "Search for identifiers of tipsters in every encoding; exit with 1 if any is found.",
    ),
    "check": Listed("satark.cli.check", "check", "Report what is wrong with the configuration."),
    "cost": Listed(
        "satark_testing.dialogue.tip_costs",
        "cost",
        "Show how many outgoing messages and SMS segments a tip needs, by channel and language, and their price.",
    ),
    "db": Listed("satark.cli.db", "db", "Upgrade or downgrade the databases."),
    "deliveries": Listed(
        "satark.cli.deliveries", "deliveries", "Show deliveries and down destinations; retry dead letters."
    ),
    "demo": Listed("satark_demo.server", "demo", "Start the demo, with simulated phones at /simulator."),
    "deploy": Listed(
        "satark.cli.deploy",
        "deploy",
        "Print the files NAME of a deployment, for the settings that are in force; without NAME, list the names.",
    ),
    "destination": Listed(
        "satark.cli.destination", "destination", "List destinations beyond the desks, and make their keys."
    ),
    "evidence": Listed("satark.cli.evidence", "evidence", "Verify evidence packs for a court."),
    "flow": Listed("satark.cli.flow", "flow", "Check, show or preview a questionnaire."),
    "geography": Listed(
        "satark.cli.geography",
        "geography",
        "Check the districts and stations that are covered, or make them of public lists.",
    ),
    "keys": Listed("satark.cli.keys", "keys", "Change keys that are files."),
    "language": Listed(
        "satark.cli.language",
        "language_group",
        "Add a language: one folder of catalogues, for everything that Satark says.",
    ),
    "plugin": Listed("satark.cli.plugin", "plugin", "Start a plugin of your own, and see what it is held to."),
    "plugins": Listed("satark.cli.plugin", "plugins", "List the installed plugins, and which are loaded."),
    "probe": Listed(
        "satark.cli.synthetic_tip",
        "probe_command",
        "Send a synthetic tip through the path that every tip takes, and erase it; exit with 1 if it is lost.",
    ),
    "qr": Listed("satark.cli.qr", "qr", "Write the QR code that citizens scan to OUTPUT."),
    "replay": Listed(
        "satark.cli.replay", "replay", "Post FIXTURE, the recorded body of a provider's request, into a running server."
    ),
    "restore": Listed(
        "satark.cli.backup",
        "restore",
        "Restore a backup from the folder FROM into the empty databases that the settings name.",
    ),
    "retention": Listed(
        "satark.cli.retention",
        "retention",
        "Show which tips are due to be erased and which are held; erase what is due.",
    ),
    "roster": Listed(
        "satark.cli.roster", "roster", "Who may read, and who said so: desks, keys, officers, destinations."
    ),
    "serve": Listed("satark.cli.serve", "serve", "Serve channels, background work and the officers' desk."),
    "verify": Listed(
        "satark.cli.backup",
        "verify",
        "Verify a backup in the folder FROM; exit with 1 if anything is missing or altered, and name it.",
    ),
    "speech": Listed("satark.cli.speech", "speech", "Get, check and measure a model for speech recognition."),
    "voice": Listed("satark.cli.voice", "voice", "Prompts that are heard: voice notes in chats, and phone calls."),
}


class CommandTable(MutableMapping[str, click.Command]):
    """The commands of a group by name: those listed here and those added later."""

    def __init__(self, listed: Mapping[str, Listed]) -> None:
        self._listed = listed
        self._added: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        """Return a command. A listed command is imported."""
        if name in self._added:
            return self._added[name]
        listed = self._listed[name]
        command: click.Command = getattr(import_module(listed.module), listed.name)
        return command

    def __setitem__(self, name: str, command: click.Command) -> None:
        """Add a command that is imported already."""
        self._added[name] = command

    def __delitem__(self, name: str) -> None:
        """Remove a command that was added."""
        del self._added[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._listed, **self._added})

    def __len__(self) -> int:
        """Count the commands."""
        return len({**self._listed, **self._added})
