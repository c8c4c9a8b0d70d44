"""Tests of launches: what runs while processes run, and afterwards.

Stands in for the package of the same name where ROS 2 comes from wheels; has the part that this stack uses.
"""

from . import asserts, util
from .decorator import post_shutdown_test
from .io_handler import ActiveIoHandler, IoHandler
from .proc_info_handler import ActiveProcInfoHandler, ProcInfoHandler

__all__ = [
    "ActiveIoHandler",
    "ActiveProcInfoHandler",
    "IoHandler",
    "ProcInfoHandler",
    "asserts",
    "post_shutdown_test",
    "util",
]
