"""Keys of destinations that read tips. The private half is in a file on the one machine that runs the sink."""

import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from satark.api.routing import DestinationRule
from satark.api.sealing import CantOpen, keys_of, new_identity, recipient_of
from satark.api.settings import SettingProblem, SettingsError
from satark.api.sink import ReadingSink, Sink
from satark.roster.entries import desk_verifier
from satark_files import atomic_files


def load_identity(rule: DestinationRule) -> str:
    """Read a destination's private keys, the newest (of `recipient`) first. Its file has older ones too.

    Raises:
        SettingsError: the file is missing, others may read it, or its keys are not those of `recipient`.
    """
    path = rule.identity_file
    if not rule.recipient:
        raise _wrong(rule, "recipient", "is missing: the destination must read tips, so it needs a key of its own")
    if path is None:
        raise _wrong(rule, "identity_file", "is missing: this machine runs the sink, which must read tips")
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise _wrong(rule, "identity_file", f"{path} can be read by others: chmod 600 it")
        identity = "\n".join(line for line in path.read_text().split() if line.startswith("AGE-SECRET-KEY-"))
        keys_of(identity)
    except (OSError, UnicodeDecodeError, CantOpen) as error:
        raise _wrong(rule, "identity_file", f"{path} can't be used ({type(error).__name__})") from None
    identities = sorted(identity.split(), key=lambda one: recipient_of(one) != rule.recipient)
    if recipient_of(identities[0]) != rule.recipient:
        raise _wrong(rule, "identity_file", f"{path} holds another key than that of `recipient`")
    return "\n".join(identities)


def own_key(path: Path) -> str:
    """Return the recipient of the key in a file; make the file with a new key if it does not exist.

    Raises:
        SettingsError: the file can't be read or made.
    """
    try:
        if not path.exists():
            atomic_files.create(path, f"{new_identity()[1]}\n".encode())
        identity = path.read_text().strip()
        keys_of(identity)
        return recipient_of(identity)
    except (OSError, UnicodeDecodeError, CantOpen) as error:
        message = f"{path} can't be used ({type(error).__name__})"
        raise SettingsError([SettingProblem.of("data_dir", message)]) from None


def with_verifier(rule: DestinationRule) -> DestinationRule:
    """Return a destination with the verifier of its messages, if its key is on this machine."""
    with suppress(SettingsError):
        return rule.model_copy(update={"verifier": desk_verifier(load_identity(rule).split()[0])})
    return rule


def key_problems(destination_rules: Sequence[DestinationRule], sinks: Sequence[Sink]) -> list[SettingProblem]:
    """Find those destinations of these sinks that must read tips, but whose key can't be used on this machine."""
    reading = {sink.name: sink for sink in sinks if isinstance(sink, ReadingSink)}
    problems = []
    for rule in destination_rules:
        if rule.sink in reading and reading[rule.sink].reads(rule.name):
            try:
                load_identity(rule)
            except SettingsError as error:
                problems += error.problems
    return problems


def _wrong(rule: DestinationRule, field: str, message: str) -> SettingsError:
    hint = "make a key pair with: satark destination keygen FILE"
    return SettingsError([SettingProblem(f"destination {rule.to}: {field}", "SATARK_DESTINATION", message, hint)])
