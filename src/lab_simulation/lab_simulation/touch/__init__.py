"""Tactile pads in the simulation: what a soft skin makes of a contact, and what a sensor makes of the
skin.
"""
