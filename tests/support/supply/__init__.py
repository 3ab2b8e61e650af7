"""Satark's dependencies: the locked packages, their licences, their known flaws, and the bill of materials."""
