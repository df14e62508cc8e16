"""What is measured: KPIs and observations, what they go together with, what users say."""
