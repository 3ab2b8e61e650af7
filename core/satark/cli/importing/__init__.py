"""Questionnaires of other programs, made into Satark's: `satark flow import`."""
