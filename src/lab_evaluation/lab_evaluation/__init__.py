"""Judges grasp planners by clutter removal in simulation: a declared protocol, many rounds side by side."""
