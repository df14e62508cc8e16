"""What people say of solutions: satisfaction and recommendation."""
