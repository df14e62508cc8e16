"""What a cell means: decimals, dates, periods, tags; pure, from text to exact values."""
