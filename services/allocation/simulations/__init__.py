"""What if: changes tried on a finished run."""
