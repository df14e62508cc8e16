"""Money moving inside a layer before it goes on: step-down, and simultaneous equations."""
