"""One worker in one process: `python -m cli.work ingest`."""

import argparse

from cli.loading_time import import_to_stay
from cli.system.listeners import SERVICES


def main() -> None:
    """Run the jobs of the named service until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service", choices=SERVICES)
    service = parser.parse_args().service
    import_to_stay(f"services.{service}.main")  # registers its jobs
    from shared.jobs.worker import work

    work(service)


if __name__ == "__main__":
    main()
