"""Endpoints that every service has: health, callers and their keys, the audit trail, webhooks."""
