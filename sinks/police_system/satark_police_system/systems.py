"""Configured police systems: the settings and keys of each, and its access to the tips that it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from satark.api import Destination, DestinationRule, SettingProblem, SettingsError
from satark.destination_reader import DestinationReader, load_identity
from satark.officer import Casework
from satark_police_system.keys import read_private_key, read_public_key
from satark_police_system.settings import SINK
from satark_police_system.signing import Signer, Verifier

if TYPE_CHECKING:
    from satark.services import Services
    from satark_police_system.settings import PoliceSettings, SystemSettings


class PoliceSystem:
    """A configured police system, in a process that has its private key."""

    def __init__(self, name: str, settings: SystemSettings, rule: DestinationRule, services: Services) -> None:
        """Load its keys.

        Raises:
            SettingsError: a key can't be read.
        """
        identity = load_identity(rule)
        self.name = name
        self.settings = settings
        self.signer = _signer(name, settings)
        self.verifier = Verifier(settings.secrets, [read_public_key(key) for key in settings.answer_keys])
        self.reader = DestinationReader(rule.to, identity, services)
        self.casework = Casework(services, rule.to, identity, audit_desk=rule.desk)

    def __repr__(self) -> str:
        return f"PoliceSystem({self.name})"


def load_systems(settings: PoliceSettings, services: Services) -> Mapping[str, PoliceSystem]:
    """Load every configured police system.

    Raises:
        SettingsError: a system has no `[[destination]]`, or a key can't be read.
    """
    destination_rules = {rule.to: rule for rule in services.destination_rules}
    systems = {}
    for name, system in settings.by_name().items():
        to = Destination.of(SINK, name)
        rule = destination_rules.get(to)
        if rule is None:
            raise _settings_error(name, "no [[destination]] sends tips to it", f'[[destination]]: to = "{to}"')
        systems[name] = PoliceSystem(name, system, rule, services)
    return systems


def _signer(name: str, settings: SystemSettings) -> Signer:
    if settings.signing_key_file is None:
        return Signer(settings.secrets)
    try:
        return Signer(settings.secrets, read_private_key(settings.signing_key_file))
    except (OSError, ValueError, TypeError) as error:
        message = f"signing_key_file can't be used ({type(error).__name__})"
        raise _settings_error(name, message, "create one with: openssl genpkey -algorithm ed25519 -out FILE") from None


def _settings_error(name: str, message: str, hint: str) -> SettingsError:
    return SettingsError([SettingProblem(f"{SINK}: {name}", "SATARK_POLICE_SYSTEM", message, hint)])
