"""Which parts there are, and how they come to lie on the table."""
