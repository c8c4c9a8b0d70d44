"""The launch ends."""

from ..event import Event


class Shutdown(Event):
    """Asks everything to end."""

    name = "launch.events.Shutdown"

    def __init__(self, *, reason: str = "reason not given", due_to_sigint: bool = False) -> None:
        """due_to_sigint: the terminal has sent SIGINT to the processes already."""
        self.__reason = reason
        self.__due_to_sigint = due_to_sigint

    @property
    def reason(self) -> str:
        """Why, for a person."""
        return self.__reason

    @property
    def due_to_sigint(self) -> bool:
        """Whether a Ctrl-C is the cause."""
        return self.__due_to_sigint
