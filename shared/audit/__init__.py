"""The audit trail: written, sealed, verified, its heads kept elsewhere."""
