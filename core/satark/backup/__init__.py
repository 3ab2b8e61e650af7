"""Backups: one consistent copy of databases, sealed files and spool, encrypted to the operator, and its restore."""
