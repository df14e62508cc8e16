"""Changes of facts: who writes a period next, under which number, and who claims a row."""
