"""What only the valuation service writes."""
