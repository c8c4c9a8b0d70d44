"""A ROS node as a process."""

from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Iterable
from typing import Any

import launch.logging
import yaml
from launch.actions import ExecuteProcess
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitutions import LocalSubstitution
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name

from ..parameter_descriptions import Parameter
from ..parameters_type import SomeParameters
from ..remap_rule_type import SomeRemapRules
from ..substitutions import ExecutableInPackage
from ..utilities import (
    add_node_name,
    evaluate_parameters,
    get_node_name_count,
    make_namespace_absolute,
    normalize_parameters,
    normalize_remap_rules,
    prefix_namespace,
)
from ..utilities.to_parameters_list import plain


class Node(ExecuteProcess):
    """Runs an executable of a package, with name, namespace, parameters and remappings as ROS arguments.

    A relative namespace is taken inside the one that PushROSNamespace has set. Each dictionary of parameters
    is written to a file of its own, for this node if its name and namespace are known, else for all nodes of
    the process; the last of several values of a parameter counts. What SetParameter, SetParametersFromFile
    and SetRemap have set comes before the node's own.
    """

    UNSPECIFIED_NODE_NAME = "<node_name_unspecified>"
    UNSPECIFIED_NODE_NAMESPACE = "<node_namespace_unspecified>"

    def __init__(
        self,
        *,
        executable: SomeSubstitutionsType,
        package: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        namespace: SomeSubstitutionsType | None = None,
        exec_name: SomeSubstitutionsType | None = None,
        parameters: SomeParameters | None = None,
        remappings: SomeRemapRules | None = None,
        ros_arguments: Iterable[SomeSubstitutionsType] | None = None,
        arguments: Iterable[SomeSubstitutionsType] | None = None,
        **kwargs: Any,
    ) -> None:
        """Describe a node; further arguments are those of ExecuteProcess.

        executable: a path if there is no package. exec_name: label of the process. parameters: YAML files and
        dictionaries, which may be nested and hold substitutions. remappings: pairs of from and to.
        ros_arguments: what follows --ros-args. arguments: further arguments.
        """
        cmd: list[SomeSubstitutionsType]
        cmd = (
            [executable] if package is None else [ExecutableInPackage(package=package, executable=executable)]
        )
        cmd += [] if arguments is None else list(arguments)
        cmd += [] if ros_arguments is None else ["--ros-args", *ros_arguments]
        cmd += ["--ros-args"]
        if name is not None:
            cmd += ["-r", LocalSubstitution("ros_specific_arguments['name']", description="node name")]
        if parameters is not None:
            ensure_argument_type(parameters, list, "parameters", "Node")
        super().__init__(cmd=cmd, name=exec_name, **kwargs)
        self.__package = package
        self.__node_executable = executable
        self.__node_name = name
        self.__node_namespace = namespace
        self.__parameters = () if parameters is None else normalize_parameters(parameters)
        self.__remappings = [] if remappings is None else list(normalize_remap_rules(remappings))

        self.__expanded_node_name = self.UNSPECIFIED_NODE_NAME
        self.__expanded_node_namespace = self.UNSPECIFIED_NODE_NAMESPACE
        self.__expanded_remappings: list[tuple[str, str]] | None = None
        self.__final_node_name: str | None = None
        self.__parameter_files: list[str] = []
        self.__substitutions_performed = False
        self.__logger = launch.logging.get_logger(__name__)

    @property
    def node_package(self) -> SomeSubstitutionsType | None:
        """The package, as it was given."""
        return self.__package

    @property
    def node_executable(self) -> SomeSubstitutionsType:
        """The executable, as it was given."""
        return self.__node_executable

    @property
    def node_name(self) -> str:
        """Name with namespace, with placeholders for what the launch file does not say.

        RuntimeError before execution.
        """
        if self.__final_node_name is None:
            raise RuntimeError("cannot access 'node_name' before executing action")
        return self.__final_node_name

    @property
    def expanded_node_namespace(self) -> str:
        """The namespace, or a placeholder."""
        return self.__expanded_node_namespace

    @property
    def expanded_remapping_rules(self) -> list[tuple[str, str]] | None:
        """All remappings as texts, None if there is none."""
        return self.__expanded_remappings

    def is_node_name_fully_specified(self) -> bool:
        """Whether name and namespace are known."""
        unknown = (self.UNSPECIFIED_NODE_NAME, self.UNSPECIFIED_NODE_NAMESPACE)
        return not any(placeholder in self.node_name for placeholder in unknown)

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        self._perform_substitutions(context)
        ros_arguments = {"ns": f"__ns:={self.__expanded_node_namespace}"}
        if self.__node_name is not None:
            ros_arguments["name"] = f"__node:={self.__expanded_node_name}"
        context.extend_locals({"ros_specific_arguments": ros_arguments})
        result = super().execute(context)
        ended = self.get_asyncio_future()
        if ended is not None:
            ended.add_done_callback(lambda _: self.__remove_parameter_files())
        self.__warn_of_namesakes(context)
        return result

    def __warn_of_namesakes(self, context: LaunchContext) -> None:
        if not self.is_node_name_fully_specified():
            return
        add_node_name(context, self.node_name)
        count = get_node_name_count(context, self.node_name)
        if count > 1:
            launch.logging.get_logger(self.name).warning(
                f"there are now at least {count} nodes with the name {self.node_name} created within this "
                "launch context"
            )

    def _perform_substitutions(self, context: LaunchContext) -> None:
        """Put everything that the launch file says about the node into the command line, once."""
        if self.__substitutions_performed:
            return
        self.__substitutions_performed = True
        try:
            self.__expand_name(context)
        except Exception:
            self.__logger.error(
                "Error while expanding or validating node name or namespace for "
                f"'package={self.__package}, executable={self.__node_executable}, name={self.__node_name}, "
                f"namespace={self.__node_namespace}':"
            )
            raise
        for entry in context.launch_configurations.get("global_params", []):
            if isinstance(entry, tuple):
                name, value = entry
                self.__add_arguments("-p", f"{name}:={plain(value)}")
            else:
                self.__add_arguments("--params-file", os.path.abspath(entry))
        for parameters in evaluate_parameters(context, self.__parameters):
            self.__add_parameters(context, parameters)
        self.__expand_remappings(context)

    def __expand_name(self, context: LaunchContext) -> None:
        if self.__node_name is not None:
            self.__expanded_node_name = _text(context, self.__node_name)
            validate_node_name(self.__expanded_node_name)
        namespace = None if self.__node_namespace is None else _text(context, self.__node_namespace)
        base = context.launch_configurations.get("ros_namespace")
        namespace = make_namespace_absolute(prefix_namespace(base, namespace))
        if namespace is not None:
            self.__expanded_node_namespace = namespace
            self.__add_arguments("-r", LocalSubstitution("ros_specific_arguments['ns']"))
            validate_namespace(namespace)
        self.__final_node_name = prefix_namespace(self.__expanded_node_namespace, self.__expanded_node_name)

    def __add_parameters(self, context: LaunchContext, parameters: Any) -> None:
        if isinstance(parameters, Parameter):
            name, value = parameters.evaluate(context)
            self.__add_arguments("-p", f"{name}:={yaml.dump(plain(value))}")
            return
        path = (
            str(parameters) if isinstance(parameters, pathlib.Path) else self.__write_parameters(parameters)
        )
        if os.path.isfile(path):
            self.__add_arguments("--params-file", path)
        else:
            self.__logger.warning(f"Parameter file path is not a file: {path}")

    def __write_parameters(self, parameters: dict[str, Any]) -> str:
        node = self.node_name if self.is_node_name_fully_specified() else "/**"
        with tempfile.NamedTemporaryFile(mode="w", prefix="launch_params_", delete=False) as file:
            yaml.dump({node: {"ros__parameters": plain(parameters)}}, file, default_flow_style=False)
        self.__parameter_files.append(file.name)
        return file.name

    def __remove_parameter_files(self) -> None:
        for path in self.__parameter_files:
            pathlib.Path(path).unlink(missing_ok=True)

    def __expand_remappings(self, context: LaunchContext) -> None:
        rules = list(context.launch_configurations.get("ros_remaps", []))
        rules += [(_text(context, source), _text(context, target)) for source, target in self.__remappings]
        self.__expanded_remappings = rules or None
        for source, target in rules:
            self.__add_arguments("-r", f"{source}:={target}")

    def __add_arguments(self, *arguments: SomeSubstitutionsType) -> None:
        self.cmd.extend(normalize_to_list_of_substitutions(argument) for argument in arguments)


def _text(context: LaunchContext, substitutions: SomeSubstitutionsType) -> str:
    return perform_substitutions(context, normalize_to_list_of_substitutions(substitutions))
