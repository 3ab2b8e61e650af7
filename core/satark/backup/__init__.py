"""Backups: make and restore a consistent copy of databases, sealed files and spool, encrypted to the operator."""
