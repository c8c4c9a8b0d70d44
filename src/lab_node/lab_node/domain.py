"""The domain that a process is in: which nodes it hears and which hear it."""

from __future__ import annotations

import os

from lab_core.errors import ConfigurationError

# Of DDS: the ports of a higher one do not exist.
HIGHEST = 232


def domain_id() -> int:
    """Of ROS_DOMAIN_ID, 0 where it is not set.

    Raises ConfigurationError for what is not one: the middleware's own words do not name the variable.
    """
    return domain_from(os.environ.get("ROS_DOMAIN_ID", ""))


def domain_from(text: str) -> int:
    """Of what ROS_DOMAIN_ID holds. Raises ConfigurationError as domain_id does."""
    text = text.strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= HIGHEST):
        raise ConfigurationError(f"ROS_DOMAIN_ID is '{text[:40]}', expected a whole number, 0 to {HIGHEST}")
    return int(text)
