"""Satark's own channels as cases of the contract's kit, and `make mutants`, which breaks them and says what noticed."""
