"""What a process that is forked from finds loaded: the applications, without any connection."""

import services.allocation.main
import services.ingest.main
import services.valuation.main
from tests.crash import flows

LOADED = (services.allocation.main, services.ingest.main, services.valuation.main, flows)
