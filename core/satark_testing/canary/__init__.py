"""The canary compares the data of synthetic worlds, and searches them for made-up identifiers of their tipsters.

`worlds.run_canary` starts the worlds' installations with simulated providers. `observer` lists everything that is
written or shown there, and `telling` finds data that depend on a secret.
"""
