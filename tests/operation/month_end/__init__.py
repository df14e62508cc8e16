"""The load of a month's end: `make load`."""
