"""The understanding: what a typed text means, at the question that stands. Pure, no model, no network.

Build one `reader.Reader` for the process. `reading` has what goes in and comes out. A text passes, in this order:
`tokens` (words of any script, and their keys), `lexicon` (which marks a word or phrase carries, in any of its
spellings: `spelling`; the words are data, a folder a language: `lexicon_files`), `marks` (the marks of one text, by
name and place), `rules` (which marks together mean what; `rules.yaml`, `compounds.yaml`, `danger.yaml`,
`identity.yaml`), `weights` (what its words speak for where no rule tells; `weights.tsv`), `choosing` (which option it
chooses) and `senses` (which of it counts at this question).

The law: what can't be undone is done only on a number, a label, or an exact word or phrase; a negation or a question
anywhere wins; what is uncertain is asked again.
"""
