"""The understanding of typed text: what a text means as an answer to the current question.

No model, no network, no side effects.

Build one `reader.Reader` for each process. `reading` defines its input and output. A text passes through these modules,
in this order: `tokens` (the words of any script, and their keys), `lexicon` (the marks of a word or phrase in any
spelling, with `spelling`; the words are data, one folder for each language: `lexicon_files`), `analysis` (the marks of
one text by name and place), `rules` (the meaning of marks together; `rules.yaml`, `compounds.yaml`, `danger.yaml`,
`identifying_words.yaml`; groups of marks: `marks.yaml`), `weights` (the likely meaning of words where no rule holds;
`weights.tsv`), `choosing` (the option that the text chooses; `choosing.yaml`) and `senses` (the sense that counts at
this question).

Three rules always hold. An action that can't be undone needs a number, a label, or an exact word or phrase. A negation
or a question anywhere in the text prevents it. If the meaning is uncertain, the question is asked again.
"""
