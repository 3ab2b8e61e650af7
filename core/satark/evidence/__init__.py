"""Evidence: every file is sealed as received, and a copy without its maker's traces is made for the officers.

`pipeline` takes a file in; `sandbox` cleans it in a process of its own; `scrubbers` is the contract for cleaners.
"""
