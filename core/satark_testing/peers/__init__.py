"""Peers for tests: real or simulated servers that Satark talks to beside the channels' providers.

`mail` (a simulated mail server, and Exim), `gnupg` (a recipient's keyring), `police` (a police system), `carrier` (an
in-memory broker), `rabbitmq` and `postgres` (real servers).
"""
