"""What all endpoints share between the wire and their noun."""
