"""Cases of the contract kit for Satark's own channels, and `make mutants`, which breaks plugins to test the kit."""
