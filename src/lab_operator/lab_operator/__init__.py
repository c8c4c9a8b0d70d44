"""What the operator of a cell sees and does, in a browser."""
