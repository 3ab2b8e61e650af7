"""Peers for tests: real or simulated servers that Satark talks to beside the channels' providers.

`mail` (a simulated mail server), `gnupg` (a recipient's keyring), `police` (a simulated police system), `rabbitmq` (a
real broker). `faults` scripts the failures of a simulated provider.
"""
