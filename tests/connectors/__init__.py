"""Sources pulled through the real service from real local servers."""
