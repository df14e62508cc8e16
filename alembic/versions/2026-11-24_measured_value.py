"""Value KPIs have a weight in scorecards, observations a note."""

import sqlalchemy as sa
from alembic import op

revision = "measured_value"
down_revision = "expectations_and_gates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns that earlier code need not know."""
    op.add_column(
        "value_kpi",
        sa.Column("weight", sa.Numeric(38, 18), nullable=False, server_default="1"),
    )
    op.create_check_constraint(op.f("ck_value_kpi_weight"), "value_kpi", "weight > 0")
    op.add_column("observation", sa.Column("note", sa.String(), nullable=True))


def downgrade() -> None:
    """Weights and notes are lost."""
    op.drop_column("observation", "note")
    op.drop_column("value_kpi", "weight")
