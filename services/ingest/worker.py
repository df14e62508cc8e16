"""The worker process of the ingest service: `python -m services.ingest.worker`."""

from services.ingest.main import app
from shared.jobs.worker import work

if __name__ == "__main__":
    work(app.state.service)
