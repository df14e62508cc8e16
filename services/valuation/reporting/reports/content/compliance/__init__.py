"""Who changed, approved and saw what, from the audit trails of the three services."""
