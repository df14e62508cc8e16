"""What drivers, exchange rates and tickets have in common: versions of rows under a natural key."""
