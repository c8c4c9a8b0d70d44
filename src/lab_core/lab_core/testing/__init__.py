"""For tests of this stack and of packages that extend it."""
