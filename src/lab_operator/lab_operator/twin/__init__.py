"""The cell in three dimensions, live."""
