"""Models of image and language that a user brings, behind the port `Grounder`."""
