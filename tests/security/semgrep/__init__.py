"""Our own rules for this code; semgrep runs them."""
