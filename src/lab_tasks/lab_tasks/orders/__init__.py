"""What a cell is to do: an order of lines, from a file or a sentence, and how far it has come."""
