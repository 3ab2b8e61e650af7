"""Alerts in a Matrix room, for Satark."""
