"""Long work: a job row that commits with its request, a queue in the same Postgres, a worker."""
