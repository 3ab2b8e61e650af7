"""Runs scrubbers where a hostile file can do no harm.

`sandbox` is the worker's side, `fork_server` the process that forks a child for each file, `isolation` what the
operating system takes from that child.
"""
