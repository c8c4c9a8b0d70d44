"""Whether something is held: the port GripSensor, and what judges fingers and suction cups."""
