"""Tables of the ingest service: imports and the facts that they bring."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "ingest"
down_revision = "platform"
branch_labels = None
depends_on = None

TABLES = (
    "import_claim",
    "import_reject",
    "import_profile",
    "period_change",
    "cost_line",
    "driver",
    "driver_quantity",
    "exchange_rate",
    "ticket",
    "data_import",
)


def upgrade() -> None:
    """Make the tables, and the sequence that numbers all changes of facts."""
    op.execute("create sequence change_number")
    op.create_table(
        "data_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(collation="C"), nullable=False),
        sa.Column("scenario", sa.String(collation="C"), nullable=False),
        sa.Column("period", sa.String(), nullable=True),
        sa.Column("profile", sa.String(collation="C"), nullable=True),
        sa.Column("replace_mode", sa.String(), nullable=False),
        sa.Column("restate", sa.String(), nullable=True),
        sa.Column(
            "parameters", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("parameters_hash", sa.String(), nullable=False),
        sa.Column("retry_of", sa.Uuid(), nullable=True),
        sa.Column("rows_received", sa.BigInteger(), nullable=False),
        sa.Column("rows_accepted", sa.BigInteger(), nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), nullable=False),
        sa.Column("rows_duplicate", sa.BigInteger(), nullable=False),
        sa.Column("rows_unreadable_amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "amounts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "periods", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "superseded", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "detected", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "problem", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("reverted_reason", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "replace_mode in ('none', 'billing_period')", name=op.f("ck_data_import_replace_mode")
        ),
        sa.CheckConstraint(
            "status <> 'succeeded' or rows_received ="
            " rows_accepted + rows_rejected + rows_duplicate",
            name=op.f("ck_data_import_every_row_accounted_for"),
        ),
        sa.CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'reverted')",
            name=op.f("ck_data_import_status"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_data_import_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["retry_of"], ["data_import.id"], name=op.f("fk_data_import_retry_of")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_import")),
    )
    op.create_index(op.f("ix_data_import_retry_of"), "data_import", ["retry_of"], unique=False)
    op.create_index(
        "uq_data_import_same_file",
        "data_import",
        ["sha256", "kind", "source", "parameters_hash"],
        unique=True,
        postgresql_where=sa.text("status not in ('failed', 'reverted')"),
    )
    op.create_table(
        "import_reject",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row_no", sa.BigInteger(), nullable=False),
        sa.Column("column_name", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.Column(
            "cells", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_reject")),
    )
    op.create_index(
        "ix_import_reject_import_id_row_no", "import_reject", ["import_id", "row_no"], unique=False
    )
    op.create_table(
        "import_claim",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "row_id", name=op.f("pk_import_claim")),
    )
    op.create_index(op.f("ix_import_claim_row_id"), "import_claim", ["row_id"], unique=False)
    op.create_table(
        "import_profile",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column(
            "rules", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_profile")),
        sa.UniqueConstraint("code", name=op.f("uq_import_profile_code")),
    )
    op.create_table(
        "period_change",
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("scenario", sa.String(collation="C"), nullable=False),
        sa.Column("topic", sa.String(collation="C"), nullable=False),
        sa.Column("last_change", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "topic in ('cost_lines', 'driver_quantities', 'exchange_rates', 'tickets')",
            name=op.f("ck_period_change_topic"),
        ),
        sa.PrimaryKeyConstraint("period", "scenario", "topic", name=op.f("pk_period_change")),
    )
    op.create_table(
        "cost_line",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("identity", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(collation="C"), nullable=True),
        sa.Column("source", sa.String(collation="C"), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("scenario", sa.String(collation="C"), nullable=False),
        sa.Column("amount", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("currency", sa.String(collation="C"), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("cost_type", sa.String(collation="C"), nullable=True),
        sa.Column("account", sa.String(collation="C"), nullable=True),
        sa.Column("cost_center", sa.String(collation="C"), nullable=True),
        sa.Column("vendor", sa.String(collation="C"), nullable=True),
        sa.Column("document", sa.String(collation="C"), nullable=True),
        sa.Column("description", sa.String(collation="C"), nullable=True),
        sa.Column("asset", sa.String(collation="C"), nullable=True),
        sa.Column("project", sa.String(collation="C"), nullable=True),
        sa.Column(
            "tags", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "fields", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("row_no", sa.Integer(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("live_from", sa.BigInteger(), nullable=False),
        sa.Column("live_to", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("cost_type in ('opex', 'capex')", name=op.f("ck_cost_line_cost_type")),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_cost_line_period")
        ),
        sa.CheckConstraint("live_to > live_from", name=op.f("ck_cost_line_live")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_line")),
    )
    op.create_index(
        "ix_cost_line_import_id_row_no", "cost_line", ["import_id", "row_no"], unique=False
    )
    op.create_index(
        "ix_cost_line_period_scenario_id", "cost_line", ["period", "scenario", "id"], unique=False
    )
    op.create_index(
        "uq_cost_line_live",
        "cost_line",
        ["identity", "ordinal", "source", "scenario"],
        unique=True,
        postgresql_where=sa.text("live_to is null"),
    )
    op.create_table(
        "driver",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(collation="C"), nullable=False),
        sa.Column(
            "names", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
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
        sa.CheckConstraint("basis in ('measured', 'estimated')", name=op.f("ck_driver_basis")),
        sa.CheckConstraint("measure in ('kwh', 'co2e_embodied')", name=op.f("ck_driver_measure")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver")),
        sa.UniqueConstraint("code", name=op.f("uq_driver_code")),
    )
    op.create_table(
        "driver_quantity",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("driver", sa.String(collation="C"), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("scenario", sa.String(collation="C"), nullable=False),
        sa.Column("source", sa.String(collation="C"), nullable=True),
        sa.Column("target", sa.String(collation="C"), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("live_from", sa.BigInteger(), nullable=False),
        sa.Column("live_to", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_driver_quantity_period")
        ),
        sa.CheckConstraint("live_to > live_from", name=op.f("ck_driver_quantity_live")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver_quantity")),
    )
    op.create_index("ix_driver_quantity_import_id", "driver_quantity", ["import_id"], unique=False)
    op.create_index(
        "ix_driver_quantity_period_scenario_driver",
        "driver_quantity",
        ["period", "scenario", "driver"],
        unique=False,
    )
    op.create_index(
        "uq_driver_quantity_live",
        "driver_quantity",
        ["driver", "period", "scenario", "target", "source"],
        unique=True,
        postgresql_where=sa.text("live_to is null"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "exchange_rate",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("from_currency", sa.String(collation="C"), nullable=False),
        sa.Column("to_currency", sa.String(collation="C"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=38, scale=18), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("live_from", sa.BigInteger(), nullable=False),
        sa.Column("live_to", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind in ('average', 'closing')", name=op.f("ck_exchange_rate_kind")),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_exchange_rate_period")
        ),
        sa.CheckConstraint("live_to > live_from", name=op.f("ck_exchange_rate_live")),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rate_rate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rate")),
    )
    op.create_index("ix_exchange_rate_import_id", "exchange_rate", ["import_id"], unique=False)
    op.create_index(
        "uq_exchange_rate_live",
        "exchange_rate",
        ["period", "from_currency", "to_currency", "kind"],
        unique=True,
        postgresql_where=sa.text("live_to is null"),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("number", sa.String(collation="C"), nullable=False),
        sa.Column("kind", sa.String(collation="C"), nullable=False),
        sa.Column("period", sa.String(collation="C"), nullable=False),
        sa.Column("service", sa.String(collation="C"), nullable=True),
        sa.Column("solution", sa.String(collation="C"), nullable=True),
        sa.Column("consumer", sa.String(collation="C"), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(collation="C"), nullable=True),
        sa.Column("priority", sa.String(collation="C"), nullable=True),
        sa.Column("category", sa.String(collation="C"), nullable=True),
        sa.Column("assignment_group", sa.String(collation="C"), nullable=True),
        sa.Column("sla_met", sa.Boolean(), nullable=True),
        sa.Column("reopen_count", sa.Integer(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("live_from", sa.BigInteger(), nullable=False),
        sa.Column("live_to", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("live_to > live_from", name=op.f("ck_ticket_live")),
        sa.CheckConstraint("reopen_count >= 0", name=op.f("ck_ticket_reopen_count")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
    )
    op.create_index("ix_ticket_import_id", "ticket", ["import_id"], unique=False)
    op.create_index("ix_ticket_opened_at", "ticket", ["opened_at"], unique=False)
    op.create_index(
        "uq_ticket_live",
        "ticket",
        ["number"],
        unique=True,
        postgresql_where=sa.text("live_to is null"),
    )


def downgrade() -> None:
    """Drop the tables and the sequence."""
    for table in TABLES:
        op.drop_table(table)
    op.execute("drop sequence change_number")
