"""Which nodes there are and what they say to whom: config/graph.yaml and the pieces of extensions."""

from lab_description.graph.entries import GraphFile, NodeEntry
from lab_description.graph.graph import Action, Graph, Node, Service, Topic
from lab_description.graph.load import load_graph, stack_nodes
from lab_description.graph.pieces import extension_names

__all__ = [
    "Action",
    "Graph",
    "GraphFile",
    "Node",
    "NodeEntry",
    "Service",
    "Topic",
    "extension_names",
    "load_graph",
    "stack_nodes",
]
