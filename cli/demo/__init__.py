"""Example companies, from their files to reports, over the HTTP APIs only."""
