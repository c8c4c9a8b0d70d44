"""Arm motion: planned clear of everything known, carried out, and checked by measurement.

The port is lab_motion.planner.MotionPlanner; lab_motion.planner_contract tests whatever implements it.
"""
