"""Fields that hold personal data, and taking single persons out of what is stored."""
