"""Cost beside value in one answer: value chain, scorecards, solutions, carbon."""
