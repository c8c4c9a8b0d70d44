"""What the cell does next, and what it does when something fails."""
