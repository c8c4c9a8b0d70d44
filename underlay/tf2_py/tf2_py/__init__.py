"""The buffer of tf2: a tree of coordinate frames over time, and what can go wrong when asking it.

Carries the name and the interface of the genuine `tf2_py`, which takes its place wherever it is installed.
"""

from tf2_py._buffer_core import BufferCore
from tf2_py._exceptions import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TimeoutException,
    TransformException,
)

__all__ = [
    "BufferCore",
    "ConnectivityException",
    "ExtrapolationException",
    "InvalidArgumentException",
    "LookupException",
    "TimeoutException",
    "TransformException",
]
