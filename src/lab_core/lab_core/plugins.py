"""Ports: what others may bring, found through Python entry points by the name that a parameter gives.

A plug-in is a class that is called with the arguments that its port documents. A class may have an attribute
`Parameters`, a frozen dataclass of `lab_core.parameters.parameter` fields; it is then also called with
`parameters=`, an instance of that dataclass. On the node these parameters have the registered name of the
plug-in in front: `embedded.samples`.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from lab_core.errors import ConfigurationError, LabError
from lab_core.parameters import check_parameters, fields_of, plugins_field, ports_of

T = TypeVar("T")

AUTO = "auto"
"""The first of a port's preference that can be used here."""


class PluginUnavailable(ConfigurationError):
    """A plug-in that is installed cannot be used here: "auto" takes another."""


@dataclass(frozen=True)
class Made(Generic[T]):
    """A plug-in that was made. name: registered. parameters: its own; None where it has none."""

    name: str
    plugin: T
    parameters: Any = None


def _suits_all(factory: Any, *arguments: Any) -> str:
    return ""


@dataclass(frozen=True)
class Port(Generic[T]):
    """An extension point.

    group: of Python entry points. noun: for sentences. protocol: what every implementation has.
    preference: what "auto" tries in this order; without one there is no "auto". suits: why a class is not for
    these arguments; empty when it is. from_setup: modules that no package of ROS has, which ./lab setup
    installs.
    """

    group: str
    noun: str
    protocol: type[Any]
    preference: tuple[str, ...] = ()
    suits: Callable[..., str] = _suits_all
    from_setup: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """What is registered."""
        return sorted(self._registered())

    def names_for(self, *arguments: Any) -> list[str]:
        """What is registered, can be imported, and is for these arguments."""
        suitable = []
        for name in self.names():
            try:
                if not self.suits(self.load(name), *arguments):
                    suitable.append(name)
            except ConfigurationError:
                continue
        return suitable

    def require(self, name: str) -> None:
        """Raises ConfigurationError, which lists what is registered, when nothing of this name is."""
        if name in self._registered() or (name == AUTO and self.preference):
            return
        known = [*([AUTO] if self.preference else []), *self.names()]
        raise ConfigurationError(
            f"no {self.noun} is called '{name[:100]}': expected one of {', '.join(known)}"
            if known
            else f"no {self.noun} is registered: build and source the workspace"
        )

    def load(self, name: str) -> Any:
        """The class that is registered under this name.

        Raises ConfigurationError when there is none, PluginUnavailable when a module that it needs is not
        installed.
        """
        self.require(name)
        point = self._registered()[name]
        try:
            return point.load()
        except ImportError as error:
            raise self._not_installed(name, error) from error
        except Exception as error:
            raise self._does_not_load(name, error) from error

    def knows(self, parameter: str) -> bool:
        """Whether a full name is that of a parameter of a plug-in that can be loaded here."""
        name, _, own = parameter.partition(".")
        if name not in self._registered():
            return False
        try:
            kind = getattr(self.load(name), "Parameters", None)
        except ConfigurationError:
            return False
        return isinstance(kind, type) and dataclasses.is_dataclass(kind) and own in fields_of(kind)

    def parameters(self, name: str, given: Mapping[str, Any], node: str) -> Any:
        """The own parameters of a plug-in; None when it has none.

        given: by full name, also those of others. node: whose parameters they are, for the sentence.

        Raises ConfigurationError when one is malformed, or as load does.
        """
        return self._parameters(name, self.load(name), given, node)

    def make(
        self,
        name: str,
        *arguments: Any,
        given: Mapping[str, Any] | None = None,
        node: str = "",
        report: Callable[[str], None] = lambda sentence: None,
    ) -> Made[T]:
        """The plug-in that is registered under this name, or the first of the preference for "auto".

        given: values of plug-ins' own parameters, by full name; node: whose they are, for the sentence.
        report: is told why "auto" passes one over. It passes over what is not installed, what is not for
        these arguments and what raises PluginUnavailable, nothing else: an installation with a part missing
        is to be mended, not worked around.

        Raises ConfigurationError: there is none, it cannot be used, or a parameter of it is malformed.
        """
        self.require(name)
        given, node = given or {}, node or self.noun
        if name != AUTO:
            return self._make(name, arguments, given, node)
        registered, failures = self.names(), list[str]()
        for candidate in [each for each in self.preference if each in registered]:
            try:
                made = self._make(candidate, arguments, given, node)
            except PluginUnavailable as error:
                failures.append(str(error))
            else:
                for failure in failures:
                    report(failure)
                return made
        raise ConfigurationError(
            "; ".join(failures) or f"no {self.noun} is registered: build and source the workspace"
        )

    def _make(self, name: str, arguments: tuple[Any, ...], given: Mapping[str, Any], node: str) -> Made[T]:
        factory = self.load(name)
        if unsuitable := self.suits(factory, *arguments):
            others = ", ".join(self.names_for(*arguments)) or "none"
            raise PluginUnavailable(f"{self.noun} '{name}' {unsuitable}: those for it are {others}")
        parameters = self._parameters(name, factory, given, node)
        own = {} if parameters is None else {"parameters": parameters}
        try:
            plugin = factory(*arguments, **own)
        except LabError:
            raise
        except ImportError as error:
            raise self._not_installed(name, error) from error
        except Exception as error:
            raise self._does_not_load(name, error) from error
        missing = [
            each for each in vars(self.protocol) if not each.startswith("_") and not hasattr(plugin, each)
        ]
        if missing:
            raise ConfigurationError(
                f"{self.noun} '{name}' ({self._registered()[name].value}) has no {', '.join(missing)}:"
                f" see {self.protocol.__module__}.{self.protocol.__name__}"
            )
        return Made(name, plugin, parameters)

    def _parameters(self, name: str, factory: Any, given: Mapping[str, Any], node: str) -> Any:
        own = {
            full.removeprefix(f"{name}."): value
            for full, value in given.items()
            if full.startswith(f"{name}.")
        }
        kind = getattr(factory, "Parameters", None)
        if kind is None:
            if own:
                raise ConfigurationError(
                    f"parameter '{name}.{next(iter(own))}' of node {node} does not exist:"
                    f" {self.noun} '{name}' has no parameters"
                )
            return None
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            raise ConfigurationError(
                f"{self.noun} '{name}': its Parameters are no dataclass, see lab_core.parameters"
            )
        parameters = check_parameters(kind, own, node, f"{name}.")
        live = [field.name for field in fields_of(kind).values() if field.metadata.get("live")]
        if live and not hasattr(factory, "parameters_changed"):
            raise ConfigurationError(
                f"{self.noun} '{name}': '{live[0]}' is live, and there is no method parameters_changed(new)"
            )
        return parameters

    def _not_installed(self, name: str, error: ImportError) -> PluginUnavailable:
        fix = ": run ./lab setup" if error.name in self.from_setup else ""
        return PluginUnavailable(f"{self.noun} '{name}' is not installed: {error}{fix}")

    def _does_not_load(self, name: str, error: Exception) -> ConfigurationError:
        value = self._registered()[name].value
        return ConfigurationError(
            f"{self.noun} '{name}' ({value}) does not load: {type(error).__name__}: {error}"
        )

    def _registered(self) -> Mapping[str, EntryPoint]:
        return _found(self.group, tuple(sys.path))


@functools.lru_cache
def _found(group: str, path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """Entry points by name; to read what all installed packages register takes 50 ms."""
    return {point.name: point for point in entry_points(group=group)}


def promises(plugin: Any, attribute: str) -> bool:
    """Whether a plug-in says that it keeps what its port does not ask of all: see the port."""
    return getattr(plugin, attribute, False) is True


def check_plugins(parameters: Any, node: str) -> None:
    """Of the plug-ins that a parameters object names, or has parameters for; makes none.

    Raises ConfigurationError when a plug-in's own parameter is malformed, or when one that is named cannot be
    loaded.
    """
    if (holder := plugins_field(type(parameters))) is None:
        return
    given = getattr(parameters, holder)
    blocks = {name.partition(".")[0] for name in given}
    for name, port in ports_of(type(parameters)).items():
        chosen = getattr(parameters, name)
        for plugin in sorted({chosen} - {AUTO} | blocks & set(port.names())):
            try:
                port.parameters(plugin, given, node)
            except PluginUnavailable:
                if plugin == chosen:
                    raise
