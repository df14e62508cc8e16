"""The worker process of the valuation service: `python -m services.valuation.worker`."""

from services.valuation.main import app
from shared.jobs.worker import work

if __name__ == "__main__":
    work(app.state.service)
