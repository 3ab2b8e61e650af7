"""Telegram for Satark, over the Bot API."""
