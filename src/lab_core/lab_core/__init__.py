"""The words that all packages share, without ROS: geometry, outcome codes, errors."""
