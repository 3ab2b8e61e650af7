"""Real and simulated servers for tests, to which Satark connects besides the providers of channels.

`mail` (a simulated mail server), `gnupg` (a recipient's keyring), `police` (a simulated police system), `rabbitmq` (a
real broker). `faults` scripts the failures of a simulated provider.
"""
