"""Calendar months and whether they are closed."""
