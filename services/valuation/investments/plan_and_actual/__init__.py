"""What an initiative was to cost and bring, and what it did."""
