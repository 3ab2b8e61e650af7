"""The GnuPG keyring of a recipient of encrypted mail."""

from __future__ import annotations

import os
import subprocess
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any


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

    def open_mail(self, mail: Any) -> Any:
        """Decrypt a PGP/MIME mail as a mail program does (RFC 3156, section 4); return the inner message.

        Raises:
            AssertionError: the mail does not have the structure that the RFC requires.
            subprocess.CalledProcessError: it can't be decrypted.
        """
        version, content = mail.get_payload()
        matches = (
            mail.get_content_type() == "multipart/encrypted",
            mail.get_param("protocol") == "application/pgp-encrypted",
            version.get_content_type() == "application/pgp-encrypted",
            version.get_payload(decode=True).strip() == b"Version: 1",
            content.get_content_type() == "application/octet-stream",
        )
        if not all(matches):
            raise AssertionError(f"not PGP/MIME: {matches}")
        inner = self.decrypt(content.get_payload(decode=True))
        return message_from_bytes(inner, _class=EmailMessage, policy=default)

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run gpg; return its output.

        Raises:
            subprocess.CalledProcessError: gpg failed.
        """
        command = ["gpg", "--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", *arguments]
        result = subprocess.run(command, input=given, env=self._environment, capture_output=True, check=True)  # noqa: S603
        return result.stdout

    def close(self) -> None:
        """Stop the GnuPG agent."""
        subprocess.run(["gpgconf", "--kill", "all"], env=self._environment, check=True)  # noqa: S607
