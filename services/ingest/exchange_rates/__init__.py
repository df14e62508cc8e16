"""Exchange rates by period."""
