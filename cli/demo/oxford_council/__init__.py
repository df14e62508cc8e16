"""The demo of a city council: its files and its story."""
