"""What a transform lookup raises. Catch TransformException for all of them."""


class TransformException(Exception):
    """A transform cannot be given."""


class ConnectivityException(TransformException):
    """Both frames are known, and no chain of transforms joins them."""


class LookupException(TransformException):
    """A frame has never been heard of, or the tree contains a loop."""


class ExtrapolationException(TransformException):
    """The requested time lies outside the samples that the buffer holds."""


class InvalidArgumentException(TransformException):
    """A frame name is empty or starts with a slash."""


class TimeoutException(TransformException):
    """A wait for a transform ended without it."""
