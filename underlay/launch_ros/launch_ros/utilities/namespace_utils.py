"""Namespaces in namespaces."""

from __future__ import annotations


def is_root_namespace(ns: str) -> bool:
    """Whether this is `/`."""
    return ns == "/"


def is_namespace_absolute(ns: str) -> bool:
    """Whether this begins at the root."""
    return ns.startswith("/")


def make_namespace_absolute(ns: str | None) -> str | None:
    """The namespace seen from the root; None stays None."""
    return ns if ns is None or is_namespace_absolute(ns) else f"/{ns}"


def prefix_namespace(base_ns: str | None, ns: str | None) -> str | None:
    """`ns` in `base_ns`, unless it is absolute; without a trailing slash; None where both are."""
    if ns is None:
        combined = base_ns
    elif not base_ns or is_namespace_absolute(ns):
        combined = ns
    else:
        combined = f"{'' if is_root_namespace(base_ns) else base_ns}/{ns}"
    if combined is None or is_root_namespace(combined):
        return combined
    return combined.rstrip("/")
