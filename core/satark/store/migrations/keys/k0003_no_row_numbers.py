"""On SQLite, remove the row numbers of the envelopes: they tell the order of arrival."""

from satark.store.migrations.row_numbers import add_row_numbers, remove_row_numbers

revision = "k0003"
down_revision = "k0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write the table anew."""
    remove_row_numbers("envelope")


def downgrade() -> None:
    """Write the table anew."""
    add_row_numbers("envelope")
