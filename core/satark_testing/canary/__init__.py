"""The canary searches a synthetic installation for the made-up identifiers of its tipsters.

`run.run_canary` starts a host with simulated providers, lets marked tipsters send tips on every channel, and searches
everything that was written for their identifiers in every encoding.
"""
