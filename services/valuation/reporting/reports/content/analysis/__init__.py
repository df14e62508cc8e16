"""Was it worth it: KPIs by class, plan against actual, realisation, cost beside value."""
