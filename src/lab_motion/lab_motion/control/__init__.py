"""Arm and hand behind their controllers, and the trajectory while it is followed."""
