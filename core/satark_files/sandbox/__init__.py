"""Runs scrubbers in isolated processes, where a hostile file can do no harm.

The worker uses `sandbox`. `fork_server` is the process that forks a child for each file. `isolation` takes that child's
access to the machine away.
"""
