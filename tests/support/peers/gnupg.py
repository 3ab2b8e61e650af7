"""The GnuPG keyring of a recipient of encrypted mail."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Keyring:
    """A GnuPG home folder. Its path must be short, since it contains the agent's socket."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700, exist_ok=True)
        self._environment = {**os.environ, "GNUPGHOME": str(home)}

    def make(
        self, user: str, *options: str, kind: str = "default", usage: str = "default", until: str = "never"
    ) -> bytes:
        """Make a key pair without a passphrase; return the public key, armored."""
        self.run("--passphrase", "", *options, "--quick-gen-key", user, kind, usage, until)
        return self.run("--armor", "--export", user)

    def revoke(self, user: str) -> bytes:
        """Revoke a key with the certificate that GnuPG stored for it; return the public key."""
        listed = self.run("--with-colons", "--list-keys", user).decode()
        fingerprint = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
        home = Path(self._environment["GNUPGHOME"])
        stored = (home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
        self.run("--import", given=stored.replace(":-----BEGIN", "-----BEGIN").encode())
        return self.run("--armor", "--export", user)

    def decrypt(self, sealed: bytes) -> bytes:
        """Decrypt a message.

        Raises:
            subprocess.CalledProcessError: it can't be decrypted.
        """
        return self.run("--decrypt", given=sealed)

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run gpg; return its output.

        Raises:
            subprocess.CalledProcessError: gpg failed.
        """
        command = ["gpg", "--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", *arguments]
        result = subprocess.run(command, input=given, env=self._environment, capture_output=True, check=True)
        return result.stdout

    def close(self) -> None:
        """Stop the GnuPG agent."""
        subprocess.run(["gpgconf", "--kill", "all"], env=self._environment, check=True)  # noqa: S607
