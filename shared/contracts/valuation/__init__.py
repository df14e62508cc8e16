"""What only the valuation service answers."""
