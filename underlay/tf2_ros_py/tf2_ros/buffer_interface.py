"""What every buffer offers, and the registers of types that it can transform and convert."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, ClassVar

from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time
from std_msgs.msg import Header

NO_WAIT = Duration()


class TypeException(Exception):
    """No transformation or conversion is registered for a type."""

    def __init__(self, errstr: str) -> None:
        super().__init__(errstr)
        self.errstr = errstr


class NotImplementedException(Exception):
    """A buffer does not offer the method."""

    def __init__(self) -> None:
        self.errstr = "CanTransform or LookupTransform not implemented"
        super().__init__(self.errstr)


class BufferInterface:
    """Transforms stamped messages with the lookups that a subclass provides."""

    def __init__(self) -> None:
        self.registration = TransformRegistration()

    def transform(
        self,
        object_stamped: Any,
        target_frame: str,
        timeout: Duration = NO_WAIT,
        new_type: type | None = None,
    ) -> Any:
        """The stamped message in another frame, at its own stamp.

        Raises TypeException for a type that nobody registered, TransformException when there is no transform.
        """
        do_transform = self.registration.get(type(object_stamped))
        header = object_stamped.header
        moved = do_transform(
            object_stamped, self.lookup_transform(target_frame, header.frame_id, header.stamp, timeout)
        )
        return moved if new_type is None else convert(moved, new_type)

    def transform_full(
        self,
        object_stamped: Any,
        target_frame: str,
        target_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
        new_type: type | None = None,
    ) -> Any:
        """The stamped message in another frame at another time, over a frame that does not move between."""
        do_transform = self.registration.get(type(object_stamped))
        header = object_stamped.header
        moved = do_transform(
            object_stamped,
            self.lookup_transform_full(
                target_frame, target_time, header.frame_id, header.stamp, fixed_frame, timeout
            ),
        )
        return moved if new_type is None else convert(moved, new_type)

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = NO_WAIT
    ) -> TransformStamped:
        """The transform from source to target frame."""
        raise NotImplementedException()

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
    ) -> TransformStamped:
        """The transform from source to target frame between two times."""
        raise NotImplementedException()

    def can_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = NO_WAIT
    ) -> bool:
        """Whether lookup_transform would succeed."""
        raise NotImplementedException()

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = NO_WAIT,
    ) -> bool:
        """Whether lookup_transform_full would succeed."""
        raise NotImplementedException()


def Stamped(obj: Any, stamp: Any, frame_id: str) -> Any:
    """The object itself, with a header."""
    obj.header = Header(frame_id=frame_id, stamp=stamp)
    return obj


class TransformRegistration:
    """How to transform each type; one register for the whole process."""

    _functions: ClassVar[dict[type, Callable[[Any, TransformStamped], Any]]] = {}

    def print_me(self) -> None:
        """Print the register."""
        print(self._functions)

    def add(self, key: type, callback: Callable[[Any, TransformStamped], Any]) -> None:
        """Register the function that applies a transform to a type."""
        self._functions[key] = callback

    def get(self, key: type) -> Callable[[Any, TransformStamped], Any]:
        """The function for a type. Raises TypeException without one."""
        return _registered(self._functions, key)


class ConvertRegistration:
    """How to turn types into messages, messages into types, and types into each other directly."""

    _to_msg: ClassVar[dict[type, Callable[[Any], Any]]] = {}
    _from_msg: ClassVar[dict[type, Callable[[Any], Any]]] = {}
    _convert: ClassVar[dict[tuple[type, type], Callable[[Any], Any]]] = {}

    def add_from_msg(self, key: type, callback: Callable[[Any], Any]) -> None:
        """Register how a type is made from a message."""
        self._from_msg[key] = callback

    def add_to_msg(self, key: type, callback: Callable[[Any], Any]) -> None:
        """Register how a type is turned into a message."""
        self._to_msg[key] = callback

    def add_convert(self, key: tuple[type, type], callback: Callable[[Any], Any]) -> None:
        """Register how the first type is turned into the second without a message in between."""
        self._convert[key] = callback

    def get_from_msg(self, key: type) -> Callable[[Any], Any]:
        """Raises TypeException if nothing is registered."""
        return _registered(self._from_msg, key)

    def get_to_msg(self, key: type) -> Callable[[Any], Any]:
        """Raises TypeException if nothing is registered."""
        return _registered(self._to_msg, key)

    def get_convert(self, key: tuple[type, type]) -> Callable[[Any], Any]:
        """Raises TypeException if nothing is registered."""
        return _registered(self._convert, key)


def convert(a: Any, b_type: type) -> Any:
    """The value as another type: directly where that is registered, otherwise by way of a message."""
    register = ConvertRegistration()
    try:
        return register.get_convert((type(a), b_type))(a)
    except TypeException:
        if type(a) is b_type:
            return deepcopy(a)
        return register.get_from_msg(b_type)(register.get_to_msg(type(a))(a))


def _registered(register: dict[Any, Callable[..., Any]], key: Any) -> Callable[..., Any]:
    try:
        return register[key]
    except KeyError:
        raise TypeException(f"Type {key} is not loaded or supported") from None
