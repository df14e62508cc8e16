"""What a file says of itself: its sums by a path of their own, totals, invoices, split costs."""
