"""The key of a destination in a file, as an operator makes it."""

from __future__ import annotations

from pathlib import Path

from satark.api.routing import DestinationRule
from satark.api.sealing import new_identity
from satark.roster.entries import desk_verifier


class DestinationKey:
    """A key in a file of the folder, and the rule of the destination that reads tips with it."""

    def __init__(self, folder: Path, *, to: str) -> None:
        recipient, self.identity = new_identity()
        self.file = folder / "destination.key"
        self.file.touch(0o600)
        self.file.write_text(f"# made by hand\n{self.identity}\n")
        verifier = desk_verifier(self.identity)
        self.rule = DestinationRule(to=to, desk="sp", recipient=recipient, verifier=verifier, identity_file=self.file)
