"""The embedded simulator: a cell in MuJoCo that looks to ROS like a real one."""
