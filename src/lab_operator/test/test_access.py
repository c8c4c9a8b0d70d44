"""Where the console may listen, and with which certificate."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lab_core.errors import ConfigurationError
from lab_operator.access import access_of
from lab_operator.parameters import ConsoleParameters


def write_certificate(folder, name, names=("cell1.lab",), days=(-1, 30), phrase=None):
    """A certificate of its own authority, and its key: two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cell")])
    today = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(today + timedelta(days[0])).not_valid_after(today + timedelta(days[1]))
    alternatives = []
    for each in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(each)))
        except ValueError:
            alternatives.append(x509.DNSName(each))
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    certificate_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    signed = builder.sign(key, hashes.SHA256())
    certificate_file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    kept = serialization.BestAvailableEncryption(phrase) if phrase else serialization.NoEncryption()
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kept)
    )
    return str(certificate_file), str(key_file)


def access(**given):
    return access_of(ConsoleParameters(**given))


def test_by_default_this_machine_alone():
    ours = access()
    assert (ours.host, ours.scheme, ours.people) == ("127.0.0.1", "http", None)
    assert ours.hosts(8080) == {"localhost:8080", "127.0.0.1:8080"}


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "10.0.0.1"])
def test_other_machines_need_a_login_and_tls(host, tmp_path):
    with pytest.raises(ConfigurationError, match="give people and certificate too"):
        access(host=host)
    with pytest.raises(ConfigurationError, match="give certificate too"):
        access(host=host, people="people.yaml")
    certificate, key = write_certificate(tmp_path, "cell")
    with pytest.raises(ConfigurationError, match="give people too"):
        access(host=host, certificate=certificate, private_key=key)
    ours = access(host=host, certificate=certificate, private_key=key, people="people.yaml")
    assert ours.hosts(8443) == {"cell1.lab:8443"}, "only what the certificate is for"
    assert ours.address(8443) == "https://cell1.lab:8443"


def test_the_names_are_those_of_the_certificate(tmp_path):
    certificate, key = write_certificate(tmp_path, "cell", ("Cell1.lab", "10.0.0.1", "fe80::1", "*.lab"))
    ours = access(certificate=certificate, private_key=key)
    assert ours.names == ("localhost", "127.0.0.1", "cell1.lab", "10.0.0.1", "[fe80::1]")


@pytest.mark.parametrize("host", ["", "localhost", "cell1.lab", "127.0.0.1:80", "999.1.1.1"])
def test_what_is_no_address_is_refused(host):
    with pytest.raises(ConfigurationError, match="expected an IP address"):
        access(host=host)


def test_a_certificate_that_cannot_be_used_is_named(tmp_path):
    certificate, key = write_certificate(tmp_path, "cell")
    _, other_key = write_certificate(tmp_path, "other")
    cases = [
        ({"certificate": certificate}, "belong together"),
        ({"certificate": certificate, "private_key": other_key}, "is no key"),
        ({"certificate": certificate, "private_key": str(tmp_path / "none")}, "cannot be read"),
        ({"certificate": str(tmp_path), "private_key": key}, "is not a file"),
        ({"certificate": key, "private_key": key}, "expected a certificate in PEM"),
    ]
    for name, given, says in [
        ("old", {"days": (-30, -1)}, "not today"),
        ("early", {"days": (1, 30)}, "not today"),
        ("nameless", {"names": ()}, "names of this machine"),
        ("wild", {"names": ("*.lab",)}, "without '\\*'"),
        ("locked", {"phrase": b"phrase"}, "without a pass phrase"),
    ]:
        made, made_key = write_certificate(tmp_path, name, **given)
        cases.append(({"certificate": made, "private_key": made_key}, says))
    for given, says in cases:
        with pytest.raises(ConfigurationError, match=says):
            access(**given)
