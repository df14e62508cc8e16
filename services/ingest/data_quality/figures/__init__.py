"""The figures of each source and period: counted once, kept, compared with earlier ones."""
