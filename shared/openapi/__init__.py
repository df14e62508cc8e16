"""How the documents of the three services say what is true of all endpoints."""
