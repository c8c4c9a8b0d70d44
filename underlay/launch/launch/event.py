"""Base of everything that happens while a launch runs."""


class Event:
    """Something that happened; handlers registered in the launch context react to it."""

    name = "launch.Event"
