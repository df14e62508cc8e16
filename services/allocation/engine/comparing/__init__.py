"""Why two runs differ, factor by factor."""
