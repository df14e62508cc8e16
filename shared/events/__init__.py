"""What is told to others: an outbox that commits with its cause, and the webhooks that hear."""
