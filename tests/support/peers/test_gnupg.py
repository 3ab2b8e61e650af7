"""A recipient's keyring decrypts what was encrypted to its key, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.peers.gnupg import Keyring

pytestmark = pytest.mark.needs("gpg")


@pytest.fixture
def keyrings() -> Iterator[tuple[Keyring, Keyring]]:
    with TemporaryDirectory(prefix="gpg-") as folder:  # short: the agent's socket lies in it
        both = Keyring(Path(folder, "a")), Keyring(Path(folder, "b"))
        yield both
        for one in both:
            one.close()


def test_only_the_recipients_key_decrypts_a_message(keyrings: tuple[Keyring, Keyring]) -> None:
    own, other = keyrings
    public = own.make("cell@up.test")
    other.make("stranger@up.test")
    other.run("--import", given=public)
    sealed = other.run("--trust-model", "always", "--recipient", "cell@up.test", "--encrypt", given=b"words")
    assert own.decrypt(sealed) == b"words"
    with pytest.raises(subprocess.CalledProcessError):
        other.decrypt(sealed)
