"""What is told of it: reports, their schedules, charts."""
