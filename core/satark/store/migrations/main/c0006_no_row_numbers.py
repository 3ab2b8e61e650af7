"""On SQLite, remove the row numbers of the tables with rows of single tips: they tell the order of arrival."""

from satark.store.migrations.row_numbers import add_row_numbers, remove_row_numbers

revision = "c0006"
down_revision = "c0005"
branch_labels = None
depends_on = None

TABLES = ("tip", "receipt", "message", "reach", "file", "delivery", "retention")


def upgrade() -> None:
    """Write the tables anew."""
    remove_row_numbers(*TABLES)


def downgrade() -> None:
    """Write the tables anew."""
    add_row_numbers(*TABLES)
