"""Users' own rules: which lines they mean, what they found, and the events of a breach."""
