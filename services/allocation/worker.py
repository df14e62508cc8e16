"""The worker process of the allocation service: `python -m services.allocation.worker`."""

from services.allocation.main import app
from shared.jobs.worker import work

if __name__ == "__main__":
    work(app.state.service)
