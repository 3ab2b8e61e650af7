"""Related tips: what of a desk's opened tips can be compared, and an index over it. In memory alone; no I/O.

- `clues` gathers what of a tip can be compared; `persons`, `places` and `wording` read it from texts.
- `index` finds the tips that share a clue with one, in time that does not grow with their number.
"""
