"""Shipped standard taxonomies: their names in two languages, and crosswalks between versions."""
