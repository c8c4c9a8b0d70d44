"""Tools for tests that launch processes themselves."""

from .process import ProcessProxy, launch_process

__all__ = ["ProcessProxy", "launch_process"]
