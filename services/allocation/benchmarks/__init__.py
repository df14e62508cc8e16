"""Benchmarks: what others reach, for objects and KPIs."""
