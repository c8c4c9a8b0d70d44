"""`lab topic`, `lab call`, `lab action`: what `ros2` does, for whom has none; the same words."""
