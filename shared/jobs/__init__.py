"""Long work: a job row that commits with what asks for it, a queue in the same Postgres, a worker."""
