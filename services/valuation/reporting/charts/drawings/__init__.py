"""How each chart is drawn: plain rows in, Vega-Lite out; nothing is asked of anybody here."""
