"""The value chain: what each stage of the business costs in IT and what it earns."""
