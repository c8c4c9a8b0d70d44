"""Parameters of the console."""

from __future__ import annotations

from dataclasses import dataclass

from lab_core.parameters import parameter


@dataclass(frozen=True)
class ConsoleParameters:
    """ROS parameters of the node; `./lab console` has an option for each."""

    cell: str = parameter("ur5e_table", "The cell: a name in config/cells or the path of a YAML file.")
    order: str = parameter(
        "clear_table",
        "What the button Start has done: a name in config/orders, a YAML file, or a sentence.",
    )
    host: str = parameter(
        "127.0.0.1",
        "The IP address that the page listens on; others than this machine's need people and certificate.",
    )
    port: int = parameter(8080, "The page is http://localhost:PORT.", minimum=1024, maximum=65535)
    people: str = parameter(
        "", "The file of those who may log in, made by ./lab people; empty: nobody has to log in."
    )
    session_hours: float = parameter(
        8.0, "How long somebody stays logged in.", unit="h", minimum=0.01, maximum=24.0
    )
    certificate: str = parameter("", "A PEM file: the page has TLS with this certificate. Empty: no TLS.")
    private_key: str = parameter("", "A PEM file: the key of the certificate, without a pass phrase.")
    language: str = parameter(
        "en", "The language of the page before somebody chooses another.", choices=("en", "zh_hk")
    )
    runs: str = parameter(
        "runs", "The folder of the records of runs. What persons do is written there, in console.jsonl."
    )
    panels: list[str] = parameter(
        ["camera", "twin", "attempts", "figures", "calibration"],
        "The panels of the page, in this order: names that are registered in lab_operator.panels.",
    )
