"""From rows as received to drafts and rejects: the profile, the styles of values, each field."""
