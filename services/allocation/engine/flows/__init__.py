"""Money leaving a layer: which mapping takes what, along which pattern, and what stays behind."""
