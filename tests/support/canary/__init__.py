"""Runs the canary on changed code: what sabotages need."""
