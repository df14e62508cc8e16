"""Runs: asked for, calculated, stored, published, and every figure behind them."""
