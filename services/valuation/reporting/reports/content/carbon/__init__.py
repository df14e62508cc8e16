"""Energy and emissions of the runs by what they are for and who consumes them."""
