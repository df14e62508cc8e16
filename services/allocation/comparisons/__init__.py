"""Why two runs differ: comparisons, at once or stored."""
