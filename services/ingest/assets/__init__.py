"""Assets: what was bought, what it still is worth, how far it is used and how long it lasts."""
