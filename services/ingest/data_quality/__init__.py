"""How good the data of each source are, period by period, and the rules that users add."""
