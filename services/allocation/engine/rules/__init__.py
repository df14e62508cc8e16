"""What a mapping may say, whom it means, and the order in which mappings apply."""
