"""Brings the schema to its newest version and makes the first keys (BTIM_ settings say where)."""

import json

from alembic import command

from shared.access.api_keys import write_all_key_files
from shared.database import in_transaction
from shared.postgres.migrations import alembic_config, newest_revision
from shared.settings import get_settings


def main() -> None:
    """Safe to repeat, and to run from several places at once; prints what is there now."""
    command.upgrade(alembic_config(), "head")
    with in_transaction() as session:
        admin_key_file = write_all_key_files(session, get_settings().secrets_dir)
    print(json.dumps({"revision": newest_revision(), "admin_key_file": str(admin_key_file)}))


if __name__ == "__main__":
    main()
