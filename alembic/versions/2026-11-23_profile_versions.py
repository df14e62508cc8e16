"""Earlier versions of profiles, and the version that an import was read by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "profile_versions"
down_revision = "data_quality"
branch_labels = None
depends_on = None

KEEP_WHAT_IS_THERE = """
insert into import_profile_version (id, profile_id, version, code, kind, rules, created_at)
select gen_random_uuid(), id, version, code, kind, rules, updated_at from import_profile
"""
"""Profiles that exist already begin their history with the version they have now."""


def upgrade() -> None:
    """Make the table of versions and begin it."""
    op.create_table(
        "import_profile_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "rules", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_import_profile_version_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_profile_version")),
        sa.UniqueConstraint(
            "profile_id", "version", name=op.f("uq_import_profile_version_profile_id_version")
        ),
    )
    op.execute(KEEP_WHAT_IS_THERE)
    op.add_column("data_import", sa.Column("profile_version", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take both away."""
    op.drop_column("data_import", "profile_version")
    op.drop_table("import_profile_version")
