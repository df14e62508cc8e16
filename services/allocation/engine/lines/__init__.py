"""Cost lines on their way in: grouped, in whole units, given a pool, merged to segments."""
