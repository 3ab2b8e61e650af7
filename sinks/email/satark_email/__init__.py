"""Notices and sealed tips by e-mail."""
