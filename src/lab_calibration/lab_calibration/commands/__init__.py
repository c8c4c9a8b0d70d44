"""The sub-commands of `lab calibrate`."""
