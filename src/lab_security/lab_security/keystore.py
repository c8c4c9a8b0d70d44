"""A keystore as ROS 2 looks for it: authority, and for each node its key, certificate and signed permissions.

public/     certificates of the authority
private/    its key: sign with it, then keep it away from the machines of the cell
enclaves/   governance, and a folder for each node
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from lab_core.errors import ConfigurationError
from lab_description.graph import Node
from lab_security.documents import governance, permissions_document
from lab_security.policy import permissions

AUTHORITY = "lab_security_ca"


def create_keystore(folder: Path, nodes: Iterable[Node], domain: int, days: int) -> None:
    """Write a keystore for all nodes; the folder appears when it is complete.

    days: for which certificates and permissions are valid.
    Raises ConfigurationError when the folder exists, OSError when it cannot be written.
    """
    if folder.exists():
        raise ConfigurationError(f"{folder} exists: choose another folder, keys are never overwritten")
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    old_mask = os.umask(0o077)  # a key is nobody else's, from its first byte on
    try:
        _write(part, nodes, domain, days)
        part.replace(folder)
    finally:
        os.umask(old_mask)


def _write(folder: Path, nodes: Iterable[Node], domain: int, days: int) -> None:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(
        minutes=5
    )  # clocks of a cell differ a little
    end = begin + timedelta(days=days)
    for name in ("public", "private", "enclaves"):
        (folder / name).mkdir(parents=True)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate(AUTHORITY, authority_key, None, authority_key, begin, end)
    _put_key(folder / "private" / "ca.key.pem", authority_key)
    _put(folder / "public" / "ca.cert.pem", authority.public_bytes(serialization.Encoding.PEM))
    for role in ("identity", "permissions"):
        (folder / "private" / f"{role}_ca.key.pem").symlink_to("ca.key.pem")
        (folder / "public" / f"{role}_ca.cert.pem").symlink_to("ca.cert.pem")
    rules = governance(domain)
    _put(folder / "enclaves" / "governance.xml", rules)
    _put(folder / "enclaves" / "governance.p7s", _signed(rules, authority, authority_key))
    for node in nodes:
        place = folder / "enclaves" / node.enclave.strip("/")
        place.mkdir(parents=True)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(node.enclave, key, authority, authority_key, begin, end)
        _put_key(place / "key.pem", key)
        _put(place / "cert.pem", certificate.public_bytes(serialization.Encoding.PEM))
        document = permissions_document(node.enclave, permissions(node), domain, begin, end)
        _put(place / "permissions.xml", document)
        _put(place / "permissions.p7s", _signed(document, authority, authority_key))
        up = Path(*[".."] * len(place.relative_to(folder).parts))
        (place / "governance.p7s").symlink_to(up / "enclaves" / "governance.p7s")
        for role in ("identity", "permissions"):
            (place / f"{role}_ca.cert.pem").symlink_to(up / "public" / f"{role}_ca.cert.pem")


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    begin: datetime,
    end: datetime,
) -> x509.Certificate:
    """Of a name, signed by the issuer; by itself, as an authority, when there is none."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(
            x509.BasicConstraints(ca=issuer is None, path_length=1 if issuer is None else None), critical=True
        )
        .sign(issuer_key, hashes.SHA256())
    )


def _signed(document: bytes, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bytes:
    """S/MIME with the text in clear, as DDS Security wants it."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(document).add_signer(certificate, key, hashes.SHA256())
    options = [pkcs7.PKCS7Options.Text, pkcs7.PKCS7Options.DetachedSignature]
    return builder.sign(serialization.Encoding.SMIME, options)


def _put_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    encryption = serialization.NoEncryption()
    _put(
        path,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption),
    )


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
