"""From a real ledger and a cloud bill to a report of who consumes what, over the HTTP APIs only."""
