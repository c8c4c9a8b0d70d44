"""The two XML documents of DDS Security 1.1 (OMG, formal/2018-04-01, 9.4.1): governance and permissions."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import datetime

from lab_security.policy import Permissions

Element = ElementTree.Element
SCHEMA = "http://www.omg.org/spec/DDS-SECURITY/20170901/omg_shared_ca_"


def governance(domain: int) -> bytes:
    """Everybody proves who they are, and everything is encrypted and allowed by name."""
    root = _root("governance")
    rule = _add(_add(root, "domain_access_rules"), "domain_rule")
    _add(_add(rule, "domains"), "id", str(domain))
    _add(rule, "allow_unauthenticated_participants", "false")
    _add(rule, "enable_join_access_control", "true")
    for kind in ("discovery", "liveliness", "rtps"):
        _add(rule, f"{kind}_protection_kind", "ENCRYPT")
    topic = _add(_add(rule, "topic_access_rules"), "topic_rule")
    _add(topic, "topic_expression", "*")
    for switch in ("discovery_protection", "liveliness_protection", "read_access_control"):
        _add(topic, f"enable_{switch}", "true")
    _add(topic, "enable_write_access_control", "true")
    _add(topic, "metadata_protection_kind", "ENCRYPT")
    _add(topic, "data_protection_kind", "ENCRYPT")
    return _text(root)


def permissions_document(
    enclave: str, allowed: Permissions, domain: int, begin: datetime, end: datetime
) -> bytes:
    """What the owner of the certificate CN=enclave may do; all else is denied."""
    root = _root("permissions")
    grant = _add(_add(root, "permissions"), "grant")
    grant.set("name", enclave)
    _add(grant, "subject_name", f"CN={enclave}")
    validity = _add(grant, "validity")
    _add(validity, "not_before", begin.strftime("%Y-%m-%dT%H:%M:%S"))
    _add(validity, "not_after", end.strftime("%Y-%m-%dT%H:%M:%S"))
    rule = _add(grant, "allow_rule")
    _add(_add(rule, "domains"), "id", str(domain))
    for kind, topics in (("publish", allowed.publish), ("subscribe", allowed.subscribe)):
        listed = _add(_add(rule, kind), "topics")
        for topic in topics:
            _add(listed, "topic", topic)
    _add(grant, "default", "DENY")
    return _text(root)


def _root(kind: str) -> Element:
    return ElementTree.Element(
        "dds",
        {
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": f"{SCHEMA}{kind}.xsd",
        },
    )


def _add(parent: Element, tag: str, text: str | None = None) -> Element:
    child = ElementTree.SubElement(parent, tag)
    child.text = text
    return child


def _text(root: Element) -> bytes:
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
