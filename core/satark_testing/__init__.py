"""The test kit for plugins: contracts, simulated providers and virtual citizens.

Start with `contracts`: one call checks that a channel or a sink keeps the contract. `installation` runs a whole service
with simulated providers, `processes` starts, stops and kills it. `whatsapp`, `telegram`, `twilio` and `peers` are the
simulated providers and destinations; `dialogue`, `matrix` and `browser` are their users. `canary` finds traces of
tipsters in an installation.
"""
