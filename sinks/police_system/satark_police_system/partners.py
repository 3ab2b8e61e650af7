"""One configured police system at work: its keys, its way, and what it may read of the tips that it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from satark.destination_reader import DestinationReader, load_identity
from satark.officer import Casework
from satark.settings import SettingProblem, SettingsError
from satark_police_system.keys import read_private_key, read_public_key
from satark_police_system.settings import SINK
from satark_police_system.signing import Signer, Verifier

if TYPE_CHECKING:
    from satark.destination import DestinationRule
    from satark.services import Services
    from satark_police_system.settings import PoliceSettings, System


class Partner:
    """A police system, for whoever runs where its key lies."""

    def __init__(self, name: str, system: System, rule: DestinationRule, services: Services) -> None:
        """Read its keys.

        Raises:
            SettingsError: one of them can't be read.
        """
        identity = load_identity(rule)
        self.name = name
        self.system = system
        self.signer = _signer(name, system)
        self.verifier = Verifier(system.secrets, [read_public_key(key) for key in system.answer_keys])
        self.reader = DestinationReader(rule.to, identity, services)
        self.casework = Casework(services, rule.to, identity)

    def __repr__(self) -> str:
        return f"Partner({self.name})"


def load_partners(settings: PoliceSettings, services: Services) -> Mapping[str, Partner]:
    """Make the partners that tips are forwarded to.

    Raises:
        SettingsError: a system has no `[[destination]]`, or a key can't be read.
    """
    destination_rules = {rule.to: rule for rule in services.destination_rules}
    partners = {}
    for name, system in settings.every().items():
        rule = destination_rules.get(f"{SINK}:{name}")
        if rule is None:
            raise _wrong(name, "no [[destination]] sends tips to it", f'[[destination]]: to = "{SINK}:{name}"')
        partners[name] = Partner(name, system, rule, services)
    return partners


def _signer(name: str, system: System) -> Signer:
    if system.signing_key_file is None:
        return Signer(system.secrets)
    try:
        return Signer(system.secrets, read_private_key(system.signing_key_file))
    except (OSError, ValueError, TypeError) as error:
        message = f"signing_key_file can't be used ({type(error).__name__})"
        raise _wrong(name, message, "make one with: openssl genpkey -algorithm ed25519 -out FILE") from None


def _wrong(name: str, message: str, hint: str) -> SettingsError:
    return SettingsError([SettingProblem(f"{SINK}: {name}", "SATARK_POLICE_SYSTEM", message, hint)])
