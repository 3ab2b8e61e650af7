"""Test kit for evidence: specimens with planted metadata, hostile scrubbers, a fuzzer and a benchmark.

Start with `specimens`, which makes a file of every type; `markers` lists what is planted in each.
"""
