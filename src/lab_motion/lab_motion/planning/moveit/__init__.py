"""MoveIt 2 behind the port of motion planning."""
