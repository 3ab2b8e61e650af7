"""The questionnaire as data: read from YAML, built, checked, and named by the hash of its structure.

`default.yaml` is the one that comes with Satark. `loader` reads a flow, `builder` makes steps of plain data, and
`definition` is the result. `reachability`, `required_texts` and `channel_checks` find what is wrong with it. `commands`
lists the commands that work in every flow, and their spellings.
"""
