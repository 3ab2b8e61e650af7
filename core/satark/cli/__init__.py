"""The command `satark`."""

from __future__ import annotations

from satark.cli.main import main

__all__ = ["main"]
