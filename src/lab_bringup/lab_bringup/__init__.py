"""How the cell comes up."""
