"""The latch that halts the cell, and what it listens to."""
