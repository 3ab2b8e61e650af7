"""Counts in messages: "1 problem", "2 problems"."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, in the plural unless the number is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or f'{noun}s'}"
