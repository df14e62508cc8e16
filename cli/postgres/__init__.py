"""A real Postgres from a wheel: its programs, its data folder, its user, its schema."""
