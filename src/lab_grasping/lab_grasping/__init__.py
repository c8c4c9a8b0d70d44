"""Grasp planning on observed points, for parallel grippers and suction cups."""
