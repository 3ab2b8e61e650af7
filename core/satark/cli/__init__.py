"""The command `satark`: one module per group of commands; `main` puts them together.

`scaffold/` holds the templates of `satark plugin new`.
"""

from satark.cli.main import main

__all__ = ["counted", "main"]


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, in the plural unless the number is one: "1 problem", "2 problems"."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"
