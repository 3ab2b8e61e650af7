"""The canary compares the data of synthetic worlds, and searches them for made-up identifiers of their tipsters.

`worlds.run_canary` starts the worlds' installations with simulated providers. `listing` lists whatever is written or
shown there, and `telling` finds what depends on who told what, of which office, or when.
"""
