"""What the tests share: the oracle, where they look, and how errors are counted."""
