"""`make torture`: delivers tips to failing destinations while worker processes are killed.

`run` has the run itself; `targets` the interface of a kind of destination, which `mail`, `exim`, `police` and `offices`
implement; `results` compares what was sent with what arrived.
"""
