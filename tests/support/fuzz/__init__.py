"""Fuzzes the parsers that strangers reach: `python -m support.fuzz TARGET --seconds N`.

A target names one parser and knows what must never happen. `mutation` damages its inputs with their structure in mind;
`guided` lets libFuzzer choose the inputs that reach new code (atheris), `seeded` repeats the same inputs for the same
seed. Every input that found a fault is kept below `tests/support/fuzz/corpora`, where the tests try it again.
"""
