"""A node's parameters over ROS: declared from a dataclass, with those of its plug-ins, and set while it runs.

What a parameters dataclass is says `lab_core.parameters`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_type_hints

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from lab_core.errors import ConfigurationError
from lab_core.parameters import check_parameters, checked, fields_of, plugins_field, ports_of
from lab_core.plugins import AUTO, Made

P = TypeVar("P")

TYPES: dict[Any, Parameter.Type] = {
    bool: Parameter.Type.BOOL,
    int: Parameter.Type.INTEGER,
    float: Parameter.Type.DOUBLE,
    str: Parameter.Type.STRING,
    list[str]: Parameter.Type.STRING_ARRAY,
    list[float]: Parameter.Type.DOUBLE_ARRAY,
}
# declared by rclpy itself
BUILT_IN = ("use_sim_time", "start_type_description_service", "qos_overrides.")


class NodeParameters:
    """What is declared on one node. A set is answered by what it does: those that are live take effect, what
    changes nothing is accepted, all others are refused with a sentence.

    They are not declared read-only: rclpy then refuses also the value that a parameter has already, and a
    file of `ros2 param dump` could not be loaded.
    """

    def __init__(
        self, node: Node, changed: Callable[[Any], None], read: str = "when the node is configured"
    ) -> None:
        """changed: is given the new dataclass when live parameters have changed. read: when all others are
        read, for the sentence.

        The node must have been made with automatically_declare_parameters_from_overrides, as LabNode is: only
        so can a parameter that nobody knows be told from one that is not there.
        """
        self._node, self._changed, self._read = node, changed, read
        self._current: Any = None
        self._plugins: dict[str, Made[Any]] = {}
        self.held = False
        """Whether the values are in use; until then each of them may be set."""
        node.add_on_set_parameters_callback(self._judge)
        node.add_post_set_parameters_callback(self._apply)

    def declare(self, kind: type[P]) -> P:
        """Declare the fields of the dataclass as parameters of the node, and read them.

        Raises ConfigurationError as lab_core.parameters.check_parameters does.
        """
        self.held, self._plugins = False, {}
        given = {
            name: parameter.value
            for name, parameter in self._node.get_parameters_by_prefix("").items()
            if not name.startswith(BUILT_IN)
        }
        parameters = check_parameters(kind, given, self._node.get_name())
        self._declare(parameters, "")
        self._current = parameters
        return parameters

    def declare_plugin(self, made: Made[Any]) -> None:
        """Declare the own parameters of a plug-in that the node has made, under its name."""
        self._plugins[made.name] = made
        if made.parameters is not None:
            self._declare(made.parameters, f"{made.name}.")

    def _declare(self, parameters: Any, prefix: str) -> None:
        types = get_type_hints(type(parameters))
        for field in fields_of(type(parameters)).values():
            name = prefix + field.name
            if self._node.has_parameter(name):
                self._node.undeclare_parameter(name)
            descriptor = self._descriptor(field, types[field.name], name)
            self._node.declare_parameter(
                name, getattr(parameters, field.name), descriptor, ignore_override=True
            )

    def _judge(self, parameters: Sequence[Parameter]) -> SetParametersResult:
        """Whether all of these may be set, asked by rclpy before it sets them."""
        if not self.held:
            return SetParametersResult(successful=True)
        try:
            self._changed_by(parameters)
        except ConfigurationError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply(self, parameters: Sequence[Parameter]) -> None:
        """Use what rclpy has set."""
        if not self.held:
            return
        current, plugins = self._changed_by(parameters)
        if current != self._current:
            self._current = current
            self._changed(current)
        for name, made in plugins.items():
            if made != self._plugins[name]:
                self._plugins[name] = made
                made.plugin.parameters_changed(made.parameters)

    def _changed_by(self, parameters: Sequence[Parameter]) -> tuple[Any, dict[str, Made[Any]]]:
        """The dataclasses as they are after these parameters are set.

        Raises ConfigurationError when one may not be set, or not to that value.
        """
        own: dict[str, Any] = {}
        of_plugins: dict[str, dict[str, Any]] = {}
        for parameter in parameters:
            name, dot, rest = parameter.name.partition(".")
            if parameter.name.startswith(BUILT_IN):
                continue
            if not dot and name in fields_of(type(self._current)):
                own |= self._change(self._current, "", name, parameter)
            elif name in self._plugins and rest in fields_of(type(self._plugins[name].parameters)):
                change = self._change(self._plugins[name].parameters, f"{name}.", rest, parameter)
                of_plugins.setdefault(name, {}).update(change)
            elif self._of_unused_plugin(name) and not self._same(parameter):
                raise ConfigurationError(
                    f"'{parameter.name}' of {self._node.get_fully_qualified_name()} is of a plug-in that this"
                    f" node does not use now: it uses {', '.join(self._plugins) or 'none'}"
                )
        kept = plugins_field(type(self._current))
        if of_plugins and kept is not None:
            given = {f"{name}.{key}": value for name, new in of_plugins.items() for key, value in new.items()}
            own[kept] = getattr(self._current, kept) | given
        made = {
            name: dataclasses.replace(each, parameters=_replaced(each.parameters, of_plugins.get(name, {})))
            for name, each in self._plugins.items()
        }
        return _replaced(self._current, own), made

    def _of_unused_plugin(self, name: str) -> bool:
        return any(name in port.names() for port in ports_of(type(self._current)).values())

    def _same(self, parameter: Parameter) -> bool:
        return _plain(parameter.value) == _plain(self._node.get_parameter(parameter.name).value)

    def _change(self, current: Any, prefix: str, name: str, parameter: Parameter) -> dict[str, Any]:
        """What setting one parameter changes in its dataclass; nothing when it has that value.

        Raises ConfigurationError.
        """
        if _plain(parameter.value) == _plain(getattr(current, name)):
            return {}
        field = fields_of(type(current))[name]
        if not field.metadata.get("live"):
            raise ConfigurationError(
                f"'{parameter.name}' of {self._node.get_fully_qualified_name()} is read {self._read}:"
                " set it in a parameter file and start the node anew"
            )
        expected = get_type_hints(type(current))[name]
        return {name: checked(field, expected, parameter.value, self._node.get_name(), prefix)}

    def _descriptor(self, field: dataclasses.Field[Any], expected: Any, name: str) -> ParameterDescriptor:
        metadata: Mapping[str, Any] = field.metadata
        live = metadata.get("live", False)
        constraints = ["may be set while the node runs" if live else f"is read {self._read}"]
        if metadata.get("choices"):
            constraints.append("one of " + ", ".join(metadata["choices"]))
        if (port := metadata.get("port")) is not None:
            constraints.append("one of " + ", ".join([*([AUTO] if port.preference else []), *port.names()]))
        descriptor = ParameterDescriptor(
            name=name,
            type=TYPES[expected].value,
            description=metadata.get("description", ""),
            additional_constraints="; ".join(constraints),
        )
        minimum, maximum = metadata.get("minimum"), metadata.get("maximum")
        if minimum is None and maximum is None:
            return descriptor
        if expected is float:
            lowest, highest = -1.7e308, 1.7e308
            descriptor.floating_point_range = [
                FloatingPointRange(
                    from_value=float(lowest if minimum is None else minimum),
                    to_value=float(highest if maximum is None else maximum),
                )
            ]
        elif expected is int:
            descriptor.integer_range = [
                IntegerRange(
                    from_value=int(-(2**62) if minimum is None else minimum),
                    to_value=int(2**62 if maximum is None else maximum),
                    step=1,
                )
            ]
        return descriptor


def _replaced(parameters: P, changes: Mapping[str, Any]) -> P:
    return dataclasses.replace(parameters, **changes) if changes else parameters  # type: ignore[type-var]


def _plain(value: Any) -> Any:
    """Arrays, which rclpy gives in several types, as lists."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
