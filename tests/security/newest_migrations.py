"""Shows the SQL of the newest migrations to squawk; 1 where old code would be locked out."""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from shared.migrations import alembic_config

SINCE = "report_schedules"
"""The migrations up to here are history: they ran before there was anything to lock."""
NOT_MEANT = [
    "prefer-robust-stmts",  # alembic runs every migration in a transaction
    "require-timeout-settings",  # env.py sets lock_timeout for all of them
    "prefer-bigint-over-int",
    "prefer-text-field",
    "prefer-identity",
]


def sql() -> str:
    """What they would send to the database."""
    sent = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": sent}
    )
    newest = ScriptDirectory.from_config(alembic_config()).iterate_revisions("head", SINCE)
    with Operations.context(context):
        for revision in reversed(list(newest)):
            revision.module.upgrade()
    return sent.getvalue()


def main() -> int:
    """The exit code of squawk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "newest.sql"
        path.write_text(sql())
        program = Path(sys.executable).with_name("squawk")
        rules = [f"--exclude={name}" for name in NOT_MEANT]
        return subprocess.run(
            [program, "--pg-version=18.0", "--assume-in-transaction", *rules, path], check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
