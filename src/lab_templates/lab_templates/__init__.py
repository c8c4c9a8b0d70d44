"""Packages that extend the stack, made from templates."""
