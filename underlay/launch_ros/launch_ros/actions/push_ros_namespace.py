"""Namespaces for a scope."""

from __future__ import annotations

from typing import Any

from launch.action import Action
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from rclpy.validate_namespace import validate_namespace

from ..utilities import make_namespace_absolute, prefix_namespace


class PushROSNamespace(Action):
    """Goes down into a namespace, for all nodes that follow in this scope."""

    def __init__(self, namespace: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__namespace = normalize_to_list_of_substitutions(namespace)

    @property
    def namespace(self) -> list[Substitution]:
        """The namespace."""
        return self.__namespace

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """SubstitutionFailure if the result is no valid namespace."""
        pushed = perform_substitutions(context, self.namespace)
        previous = context.launch_configurations.get("ros_namespace")
        namespace = make_namespace_absolute(prefix_namespace(previous, pushed))
        try:
            validate_namespace(namespace)
        except Exception as error:
            raise SubstitutionFailure(
                f"The resulting namespace is invalid: [previous_namespace='{previous}', "
                f"pushed_namespace='{pushed}']"
            ) from error
        context.launch_configurations["ros_namespace"] = namespace
        return None


PushRosNamespace = PushROSNamespace
