"""What each consumer is billed: statements of a published run, to the minor unit."""
