"""Faults of machines, networks and peers, caused from outside: who tells them, when, and when they are over."""
