"""Workbooks and Parquet: decoded by a child process with bounded memory, every cell as text."""
