"""From poses of the arm and sights of a board to the camera's pose, with the error to expect at the parts."""
