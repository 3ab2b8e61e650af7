"""The questionnaire as data: read from YAML, built, checked, and named by the hash of its structure.

`default.yaml` is the one that comes with Satark. `loader` reads a flow, `builder` makes steps of plain data,
`declarations` reads what steps mean and whom they accuse, and `definition` is the result. `checks` and `required_texts`
find what is wrong with it. `commands` lists the commands that work in every flow, and their spellings.
"""
