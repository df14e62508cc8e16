"""One consumer's bill of a period, where it comes from and what is disputed."""
