"""From where the arm is to where it shall be, clear of everything known: port, search, timing."""
