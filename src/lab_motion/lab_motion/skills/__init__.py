"""What an arm with a hand can do for a task: pick, place, move."""
