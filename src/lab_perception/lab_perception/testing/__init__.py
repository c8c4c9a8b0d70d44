"""The contract of detectors, as tests to collect with pytest."""
