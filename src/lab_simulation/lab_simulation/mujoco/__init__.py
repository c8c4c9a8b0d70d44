"""The cell in MuJoCo: physics, controllers, camera."""
