"""Cost objects: pools, resources, solutions and consumers, one shape in four collections."""
