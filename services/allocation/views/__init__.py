"""The finance, technology, solutions and consumers views of published runs, and their flow."""
