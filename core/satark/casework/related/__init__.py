"""Related tips: the comparable parts of a desk's opened tips, and an index over them. In memory alone; no I/O.

- `clues` gathers the comparable parts of a tip; `wording` gives its words.
- `index` finds the tips that share a clue with a tip, in time that does not grow with the number of tips.
"""
