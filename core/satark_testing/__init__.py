"""The test kit that ships with Satark, for its own tests and for those of other people's plugins.

Start with `contracts`: one call checks that a channel or a sink keeps the contract. `scripted` has a channel and a sink
that do what a test says. `installation` runs a whole service with simulated providers; `processes` starts, stops
and kills processes. `whatsapp`, `telegram`, `twilio`, `form` and `peers` are the simulated providers, destinations and
their users. `matrix` plays one scenario on every medium. `pytest_plugin` has the fixtures and the marker `needs`.
"""
