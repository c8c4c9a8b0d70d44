"""The contract of grasp planners, as tests to collect with pytest."""
