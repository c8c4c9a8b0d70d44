"""From what a phrase says to the parts that it means."""
