"""Related tips: what can be compared between a desk's opened tips, and an index over it. In memory alone; no I/O.

- `clues` gathers what can be compared of a tip; `wording` gives its words.
- `index` finds the tips that share a clue with a tip, in time that does not grow with the number of tips.
"""
