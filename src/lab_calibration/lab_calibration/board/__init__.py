"""The board: its description, the page to print, and where it is in a picture."""
