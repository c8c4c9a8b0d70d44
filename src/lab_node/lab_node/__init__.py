"""What every node of the stack shares. See README.md for a node in twenty lines."""
