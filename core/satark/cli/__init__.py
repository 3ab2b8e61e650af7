"""The command `satark`: one module per group of commands; `main` puts them together.

`scaffold/` holds the templates of `satark plugin new`.
"""

from __future__ import annotations

from satark.cli.main import main

__all__ = ["main"]
