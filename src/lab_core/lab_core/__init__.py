"""The words that all packages share, without ROS: geometry, parts, scenes, grasps, outcome codes, errors."""
