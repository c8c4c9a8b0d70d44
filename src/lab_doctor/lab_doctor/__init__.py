"""What is wrong with machine, configuration and running cell, and how to mend it. See README.md."""
