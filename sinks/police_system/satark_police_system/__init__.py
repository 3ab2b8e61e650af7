"""Signed hand-over to external police systems."""
