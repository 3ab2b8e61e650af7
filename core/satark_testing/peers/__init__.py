"""Real and simulated servers, to which Satark connects besides the providers of channels.

`police` (a simulated police system), `rabbitmq` (a real broker). `faults` scripts the failures of a simulated provider.
"""
