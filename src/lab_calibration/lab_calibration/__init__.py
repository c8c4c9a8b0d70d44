"""Where the camera stands, and how wrong that is at the parts."""
