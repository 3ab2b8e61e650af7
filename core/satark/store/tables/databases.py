"""The two databases: the tables of each are declared in the modules beside this one."""

from __future__ import annotations

from sqlalchemy import MetaData

main = MetaData()
"""Everything but the key store."""
keys = MetaData()
"""The key store."""
