"""A keystore that OpenSSL and the DDS Security documents agree with, readable by nobody else."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509

from lab_description import load_cell
from lab_description.graph import Node, load_graph
from lab_doctor.collect import collect_environment
from lab_security.__main__ import main
from lab_security.keystore import create_keystore
from lab_security.policy import permissions

NODES = load_graph(load_cell("ur5e_table")).nodes
# What rcl looks for in the folder of an enclave.
REQUIRED = (
    "identity_ca.cert.pem",
    "cert.pem",
    "key.pem",
    "permissions_ca.cert.pem",
    "governance.p7s",
    "permissions.p7s",
)


@pytest.fixture(scope="module")
def keystore(tmp_path_factory):
    folder = tmp_path_factory.mktemp("security") / "keys"
    create_keystore(folder, NODES.values(), domain=7, days=30)
    return folder


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)


def test_every_node_has_what_rcl_looks_for(keystore):
    for node in NODES:
        enclave = keystore / "enclaves" / "lab" / node
        for name in REQUIRED:
            assert (enclave / name).read_bytes(), f"{enclave / name}"


def test_openssl_trusts_certificates_and_signatures_of_this_authority_alone(keystore, tmp_path):
    other = tmp_path / "other"
    create_keystore(other, [NODES["motion"]], domain=7, days=30)
    enclave = keystore / "enclaves" / "lab" / "motion"
    ours, theirs = keystore / "public" / "ca.cert.pem", other / "public" / "ca.cert.pem"
    assert openssl("verify", "-CAfile", ours, enclave / "cert.pem").returncode == 0
    assert openssl("verify", "-CAfile", theirs, enclave / "cert.pem").returncode != 0
    for document in ("permissions", "governance"):
        signed = enclave / f"{document}.p7s"
        verified = openssl("smime", "-verify", "-text", "-in", signed, "-CAfile", ours)
        assert verified.returncode == 0, verified.stderr
        assert ElementTree.fromstring(verified.stdout.replace("\r\n", "\n")).tag == "dds"
        assert openssl("smime", "-verify", "-text", "-in", signed, "-CAfile", theirs).returncode != 0
    forged = tmp_path / "forged.p7s"
    forged.write_bytes((enclave / "permissions.p7s").read_bytes().replace(b"/joint_states", b"/joint_stateS"))
    assert openssl("smime", "-verify", "-text", "-in", forged, "-CAfile", ours).returncode != 0


def test_the_certificate_the_key_and_the_permissions_are_of_one_name(keystore):
    enclave = keystore / "enclaves" / "lab" / "perception"
    certificate = x509.load_pem_x509_certificate((enclave / "cert.pem").read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=/lab/perception"
    key = openssl("pkey", "-in", enclave / "key.pem", "-pubout").stdout
    assert key == openssl("x509", "-in", enclave / "cert.pem", "-noout", "-pubkey").stdout
    grant = ElementTree.parse(enclave / "permissions.xml").getroot().find("permissions/grant")
    assert grant.findtext("subject_name") == "CN=/lab/perception"
    assert grant.findtext("default") == "DENY"
    assert grant.findtext("allow_rule/domains/id") == "7"
    end = datetime.fromisoformat(grant.findtext("validity/not_after")).replace(tzinfo=UTC)
    assert end == certificate.not_valid_after_utc
    written = {topic.text for topic in grant.iterfind("allow_rule/publish/topics/topic")}
    assert {"rt/scene/objects", "rt/rosout", "ros_discovery_info"} <= written
    assert "rt/motion/trajectory" not in written


def test_the_governance_lets_nobody_in_without_keys(keystore):
    rule = ElementTree.parse(keystore / "enclaves" / "governance.xml").getroot().find(".//domain_rule")
    assert rule.findtext("allow_unauthenticated_participants") == "false"
    assert rule.findtext("enable_join_access_control") == "true"
    kinds = {element.text for element in rule.iter() if element.tag.endswith("protection_kind")}
    assert kinds == {"ENCRYPT"}


def test_nobody_else_can_read_a_key(keystore):
    for path in (keystore, *keystore.rglob("*")):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o077 == 0, path


def test_keys_are_never_overwritten(keystore, capsys):
    assert main([str(keystore)]) == 2
    assert "exists: choose another folder" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["k", "--domain", "233"], ["k", "--days", "0"], []])
def test_wrong_usage_is_exit_code_2(words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2


def test_names_follow_the_rules_of_ros(tmp_path):
    said = {"publish": "/a", "subscribe": "/b", "serve": "/s", "call": "/c", "act": "/x", "ask": "/y"}
    node = Node(name="node", file=tmp_path, **{key: (name,) for key, name in said.items()}, cancel=("/z",))
    allowed = permissions(node)
    assert {
        "rt/a",
        "rr/sReply",
        "rq/cRequest",
        "rt/x/_action/feedback",
        "rr/x/_action/send_goalReply",
        "rq/z/_action/cancel_goalRequest",
    } <= set(allowed.publish)
    assert {"rt/b", "rq/sRequest", "rr/cReply", "rt/y/_action/status", "rr/y/_action/get_resultReply"} <= set(
        allowed.subscribe
    )
    assert "rt/b" not in allowed.publish and "rt/a" not in allowed.subscribe
    assert "rr/node/change_stateReply" in allowed.publish
    assert "rq/z/_action/send_goalRequest" not in allowed.publish
    assert "rr/node/change_stateReply" not in permissions(replace(node, managed=False)).publish


def test_the_controllers_are_those_of_the_cell(tmp_path):
    motion = permissions(load_graph(load_cell("fr3_table")).nodes["motion"])
    arm = load_cell("fr3_table").robot.trajectory_action
    assert f"rq/{arm}/_action/send_goalRequest" in motion.publish
    assert "rq/arm_controller/follow_joint_trajectory/_action/send_goalRequest" not in motion.publish


def test_a_node_in_a_namespace_says_and_hears_only_there():
    motion = permissions(load_graph(load_cell("ur5e_table"), namespace="/left").nodes["motion"])
    names = {*motion.publish, *motion.subscribe} - {"ros_discovery_info", "rt/parameter_events"}
    assert all(name[2:].startswith("/left/") for name in names), names
    assert {"rt/left/rosout", "rt/left/diagnostics", "rr/left/motion/change_stateReply"} <= set(
        motion.publish
    )
    assert "rt/left/clock" in motion.subscribe


@pytest.mark.parametrize("kept", ["whole keystore", "no keystore"])
def test_a_node_that_cannot_be_secured_refuses_to_start(keystore, tmp_path, kept):
    """With keys, as far as this DDS has its security plug-ins; without keys, wherever it runs."""
    folder = keystore if kept == "whole keystore" else tmp_path
    code = "import rclpy; rclpy.init(); rclpy.create_node('motion'); print('it runs')"
    environment = {
        **os.environ,
        "ROS_DOMAIN_ID": "7",
        "ROS_SECURITY_ENABLE": "true",
        "ROS_SECURITY_STRATEGY": "Enforce",
        "ROS_SECURITY_KEYSTORE": str(folder),
        "ROS_SECURITY_ENCLAVE_OVERRIDE": "/lab/motion",
    }
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if kept == "whole keystore" and collect_environment(environment, 7).security_plugins is not False:
        assert "it runs" in ended.stdout, ended.stderr
    else:
        assert ended.returncode != 0
        assert "it runs" not in ended.stdout
