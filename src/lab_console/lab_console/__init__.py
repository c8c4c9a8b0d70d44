"""What a person sees of the cell."""
