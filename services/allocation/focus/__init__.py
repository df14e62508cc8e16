"""A run's result as split-cost rows after FOCUS 1.3."""
