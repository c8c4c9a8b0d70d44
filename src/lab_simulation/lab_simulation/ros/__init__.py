"""The simulated cell over ROS: topics, actions, services."""
