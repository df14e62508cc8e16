"""Emission factors and the carbon of a kilowatt-hour."""
