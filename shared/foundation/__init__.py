"""The endpoints that every service has: health, callers and their keys, the audit trail, jobs."""
