"""The contract of motion planners, as tests to collect with pytest."""
