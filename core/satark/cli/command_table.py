"""The commands, each imported on first use: neither `satark --help` nor a running command imports the others.

Commands that need the test kit or the demo are in those packages, which the host does not import.
"""

from collections import UserDict
from collections.abc import Iterable
from pkgutil import resolve_name
from typing import Any, Final

import click

SAYS: Final = {
    "audit": "Verify the log of officers' acts.",
    "backup": "Write one consistent backup into the folder TO, while Satark runs, and remove old ones.",
    "bench": "Measure how many messages and tips a core of this machine takes.",
    "canary": "Search for identifiers of tipsters in every encoding; exit with 1 if any is found.",
    "check": "Report what is wrong with the configuration.",
    "cost": "Show how many outgoing messages and SMS segments a tip needs, by channel and language, and their price.",
    "db": "Upgrade or downgrade the databases.",
    "deliveries": "Show deliveries and down destinations; retry dead letters.",
    "demo": "Start the demo, with simulated phones at /simulator.",
    "deploy": "Print the files NAME of a deployment, for the settings in force; without NAME, list the names.",
    "destination": "Make the keys of destinations beyond the desks.",
    "evidence": "Verify evidence packs for a court.",
    "flow": "Check, show or preview a questionnaire.",
    "geography": "Check the districts and stations that are covered, or make them of public lists.",
    "keys": "Change keys that are files, and compare their copies.",
    "language": "Add a language: one folder of catalogues, for everything that Satark says.",
    "plugin": "Create a plugin, and show the rules that it must keep.",
    "plugins": "List the installed plugins, and which are loaded.",
    "probe": "Send a synthetic tip through the path that every tip takes, and erase it; exit with 1 if it is lost.",
    "qr": "Write the QR code that citizens scan to OUTPUT.",
    "restore": "Restore a backup from the folder FROM into the empty databases that the settings name.",
    "retention": "Show which tips are due to be erased and which are held; erase what is due.",
    "roster": "Who may read, and who said so: desks, keys, officers, destinations.",
    "serve": "Serve channels, background work and the officers' desk.",
    "speech": "Get and measure a model for speech recognition.",
    "verify": "Verify a backup in the folder FROM; exit with 1 if anything is missing or altered, and name it.",
    "voice": "Prompts that are heard: voice notes in chats, and phone calls.",
}
"""Command → the first sentence of its help, for the list of commands."""

_ELSEWHERE: Final = {
    "bench": "satark_testing.capacity:bench",
    "canary": "satark_testing.canary.command:canary",
    "cost": "satark_testing.dialogue.tip_costs:cost",
    "demo": "satark_demo.server:demo",
    "destination": "satark.cli.keys:destination",
    "language": "satark.cli.language:language_group",
    "plugins": "satark.cli.plugin:plugins",
    "probe": "satark.cli.synthetic_tip:probe_command",
    "restore": "satark.cli.backup:restore",
    "rules": "satark_testing.contracts.rules:rules",
    "verify": "satark.cli.backup:verify",
    "voice": "satark.cli.speech:voice",
}
"""Command → its module and its name there, unless it is in the module of its own name in this package."""


class CommandTable(UserDict[str, Any]):
    """The commands of a group by name: those in this table, which are imported on first use, and others."""

    def __init__(self, listed: Iterable[str]) -> None:
        super().__init__(dict.fromkeys(listed))

    def __getitem__(self, name: str) -> click.Command:
        found: click.Command = self.data[name] or resolve_name(_ELSEWHERE.get(name, f"satark.cli.{name}:{name}"))
        return found
