"""The same cell and scene as files for Gazebo."""
