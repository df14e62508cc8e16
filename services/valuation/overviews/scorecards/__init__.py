"""Balanced scorecards: KPIs in four perspectives, for IT or one business unit."""
