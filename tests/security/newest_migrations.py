"""Shows the SQL of the newest migrations to squawk; 1 where old code would be locked out."""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from shared.postgres.migrations import alembic_config

SINCE = "report_schedules"
"""The migrations up to here are history: they ran before there was anything to lock."""
NOT_MEANT = [
    "prefer-robust-stmts",  # alembic runs every migration in a transaction
    "require-timeout-settings",  # env.py sets lock_timeout for all of them
    "transaction-nesting",  # a block of statements that commit by themselves, as alembic writes it
    "ban-uncommitted-transaction",  # the same
    "prefer-bigint-over-int",
    "prefer-text-field",
    "prefer-identity",
]
DONE_WITH_CARE = {
    # Swaps a table for one in partitions of the same name within one transaction; the former
    # version goes on meanwhile (tests/operation/test_migrations_under_load.py).
    "partitions": ["ban-drop-constraint", "ban-drop-table", "renaming-object", "renaming-table"],
}


def sql(revision: Script) -> str:
    """What a migration would send to the database."""
    sent = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": sent}
    )
    with Operations.context(context):
        revision.module.upgrade()
    return sent.getvalue()


def main() -> int:
    """0 when squawk has nothing to say of any of them."""
    newest = ScriptDirectory.from_config(alembic_config()).iterate_revisions("head", SINCE)
    return max(judge(revision) for revision in newest)


def judge(revision: Script) -> int:
    """The exit code of squawk for one migration."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{revision.revision}.sql"
        path.write_text(sql(revision))
        program = Path(sys.executable).with_name("squawk")
        rules = [
            f"--exclude={name}" for name in NOT_MEANT + DONE_WITH_CARE.get(revision.revision, [])
        ]
        command = [program, "--pg-version=18.0", "--assume-in-transaction", *rules, path]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
