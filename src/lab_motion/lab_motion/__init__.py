"""Arm motion: planned clear of everything known, carried out, and checked by measurement.

The port is lab_motion.planning.port.MotionPlanner; whatever implements it is tested by
lab_motion.testing.planner_contract.
"""
