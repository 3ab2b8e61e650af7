"""Configured police systems: the settings and keys of each, and its access to the tips that it was given."""

from collections.abc import Callable, Mapping

from satark.api import Destination, DestinationReader, SettingProblem, SettingsError
from satark_police_system.events import Event, encode
from satark_police_system.mapping import CONTENT_TYPES, MappingError, MappingFile
from satark_police_system.settings import SINK, PoliceSettings, SystemSettings
from satark_police_system.signing import Signer, Verifier, read_private_key, read_public_key


class PoliceSystem:
    """A configured police system, in a process that has its private key."""

    def __init__(self, name: str, settings: SystemSettings, reader: DestinationReader) -> None:
        """Load its keys.

        Raises:
            SettingsError: a key or the mapping can't be read.
        """
        self.name = name
        self.settings = settings
        self.signer = _signer(name, settings)
        self.verifier = Verifier(settings.secrets, [read_public_key(key) for key in settings.answer_keys])
        self.reader = reader
        self._mapping = _mapping(name, settings)
        ending = self._mapping.ending if self._mapping else ""
        self.document = f"tip{ending}" if ending else "event.json"
        """Name of an event's document in an archive."""
        self.content_type = settings.content_type or CONTENT_TYPES.get(ending, "application/cloudevents+json")

    def write(self, event: Event) -> bytes:
        """Write an event in this system's format.

        Raises:
            MappingError: the system's mapping fails on it.
        """
        return self._mapping.write(event) if self._mapping else encode(event)

    def __repr__(self) -> str:
        return f"PoliceSystem({self.name})"


def load_systems(settings: PoliceSettings, reader: Callable[[str], DestinationReader]) -> Mapping[str, PoliceSystem]:
    """Load every configured police system. `reader` makes the reader of a destination.

    Raises:
        SettingsError: a system has no `[[destination]]`, or a key can't be read.
    """
    return {
        name: PoliceSystem(name, system, reader(Destination.of(SINK, name)))
        for name, system in settings.by_name().items()
    }


def _mapping(name: str, settings: SystemSettings) -> MappingFile | None:
    if settings.mapping is None:
        return None
    try:
        return MappingFile(settings.mapping)
    except (OSError, MappingError) as error:
        said = str(error) if isinstance(error, MappingError) else type(error).__name__
        raise _refused(name, f"mapping can't be used ({said})", "docs/police-system.md") from None


def _signer(name: str, settings: SystemSettings) -> Signer:
    if settings.signing_key_file is None:
        return Signer(settings.secrets)
    try:
        return Signer(settings.secrets, read_private_key(settings.signing_key_file))
    except (OSError, ValueError, TypeError) as error:
        message = f"signing_key_file can't be used ({type(error).__name__})"
        raise _refused(name, message, "create one with: openssl genpkey -algorithm ed25519 -out FILE") from None


def _refused(name: str, message: str, hint: str) -> SettingsError:
    return SettingsError([SettingProblem(f"{SINK}: {name}", "SATARK_POLICE_SYSTEM", message, hint)])
