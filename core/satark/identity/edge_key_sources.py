"""Sources of the edge key: a command's output, a file, a systemd credential, or a file that the first start creates."""

import base64
import binascii
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from satark.identity.edge_key import CHANGED_KEY_BYTES, KEY_BYTES, EdgeKeyError, load_edge_key

CREDENTIAL: Final = "edge.key"
"""Name of the credential (systemd.exec(5), `LoadCredential=` and `LoadCredentialEncrypted=`)."""
SECONDS: Final = 30.0
"""Seconds that the command may take."""
_SIZES: Final = frozenset({KEY_BYTES, CHANGED_KEY_BYTES})
_HEX: Final = frozenset(2 * size for size in _SIZES)


def read_edge_key(*, command: Sequence[str], file: Path | None, made: Path, credentials: str | None = None) -> bytes:
    """Return the edge key from the first source that is configured; make the file `made` if none is.

    `command`: a program with its arguments, run without a shell. `credentials`: systemd's folder; None: its variable's.

    Raises:
        EdgeKeyError, OSError: the key is missing or malformed, or a file can't be read. No message contains the key.
    """
    if command:
        return _from_command(command)
    if file is None and (credential := find_credential(credentials)):
        return _decoded(credential.read_bytes(), str(credential))  # systemd alone decides who may read it
    return load_edge_key(file or made, create=file is None)


def find_credential(folder: str | None = None) -> Path | None:
    """Return the file of systemd's credential with the edge key; None if there is no such file."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "") if folder is None else folder
    path = Path(folder) / CREDENTIAL
    return path if folder and path.is_file() else None


def _from_command(command: Sequence[str]) -> bytes:
    try:
        # What it writes to standard error could hold the key: nobody sees it.
        done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS)  # noqa: S603 - the operator's own
    except subprocess.TimeoutExpired:
        raise EdgeKeyError(f"{command[0]} gave no edge key in {SECONDS:.0f} s") from None
    except OSError as error:
        raise EdgeKeyError(f"{command[0]} can't be run: {error.strerror}") from None
    if done.returncode:
        raise EdgeKeyError(f"{command[0]} failed with exit code {done.returncode}; run it by hand to see why")
    return _decoded(done.stdout, command[0])


def _decoded(content: bytes, source: str) -> bytes:
    """Decode a key: 32 bytes (80 if the key was changed), raw or as one line of hexadecimal or base64."""
    if len(content) in _SIZES:
        return content
    text = content.strip()
    try:
        key = bytes.fromhex(text.decode("ascii")) if len(text) in _HEX else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) not in _SIZES:
        raise EdgeKeyError(f"{source} did not give {KEY_BYTES} bytes, nor {KEY_BYTES} bytes in hexadecimal or base64")
    return key
