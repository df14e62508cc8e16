"""What reads texts and files of others, given texts and files that nobody would write."""
