"""Retention: how long tips are kept, legal holds, and their erasure."""
