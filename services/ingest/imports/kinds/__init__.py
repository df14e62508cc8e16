"""What each kind of import does with its rows."""
