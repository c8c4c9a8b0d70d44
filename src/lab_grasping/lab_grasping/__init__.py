"""Grasp planning on observed points for parallel grippers, and the judgement whether something is held."""
