"""For tests of this package and of packages that extend it."""
