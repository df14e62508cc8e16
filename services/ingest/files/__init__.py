"""What an uploaded file is, by its content, and its rows as text, a bounded batch at a time."""
