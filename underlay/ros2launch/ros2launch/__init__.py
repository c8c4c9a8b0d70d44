"""Launching launch files."""
