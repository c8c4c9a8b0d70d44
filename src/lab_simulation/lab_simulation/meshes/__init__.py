"""Mesh files that users bring: read with care, cut into convex pieces in a process of its own, kept."""
