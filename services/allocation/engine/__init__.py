"""The arithmetic of a whole run on arrays: no database, no HTTP."""
