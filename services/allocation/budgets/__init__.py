"""Budgets of objects, and the alerts when a published run goes beyond them."""
