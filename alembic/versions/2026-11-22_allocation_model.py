"""Tables of the model of the allocation service."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "allocation_model"
down_revision = "ingest"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cost_object",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("layer", sa.String(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("names", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("parent", sa.String(collation="C"), nullable=True),
        sa.Column("tags", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("attributes", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("standard", sa.String(), nullable=True),
        sa.Column("valid_from", sa.String(), nullable=True),
        sa.Column("valid_to", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("unit_driver", sa.String(collation="C"), nullable=True),
        sa.Column("capacity_driver", sa.String(collation="C"), nullable=True),
        sa.Column("value_chain_stage", sa.String(collation="C"), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "layer in ('pool', 'resource', 'solution', 'consumer')",
            name=op.f("ck_cost_object_layer"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_object")),
        sa.UniqueConstraint("layer", "code", name=op.f("uq_cost_object_layer_code")),
    )
    op.create_index("ix_cost_object_layer_parent", "cost_object", ["layer", "parent"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("cost_object")
