"""Where the console listens, under which names, and what it then has to ask of those who come."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from lab_core.errors import ConfigurationError
from lab_node.bounded_file import read_bounded
from lab_operator.parameters import ConsoleParameters

# Bytes of a certificate with its chain.
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Access:
    """host: the IP address to listen on. names: under which browsers may ask for the page. certificate, key:
    files of TLS; None without. people: the file of those who may log in; None: nobody has to.
    """

    host: str
    names: tuple[str, ...]
    certificate: Path | None = None
    key: Path | None = None
    people: Path | None = None

    @property
    def scheme(self) -> str:
        """Of the address of the page."""
        return "http" if self.certificate is None else "https"

    def hosts(self, port: int) -> frozenset[str]:
        """What browsers name in `Host`."""
        usual = 80 if self.certificate is None else 443
        return frozenset(f"{name}:{port}" for name in self.names) | (
            frozenset(self.names) if port == usual else frozenset()
        )

    def address(self, port: int) -> str:
        """Of the page."""
        return f"{self.scheme}://{self.names[0]}:{port}"


def access_of(parameters: ConsoleParameters) -> Access:
    """Raises ConfigurationError: an address other than this machine's without logins and TLS, or a
    certificate that cannot be used.
    """
    try:
        address = ipaddress.ip_address(parameters.host)
    except ValueError:
        raise ConfigurationError(
            f"host is '{parameters.host}', expected an IP address of this machine, such as 127.0.0.1"
        ) from None
    certificate, key, people = (
        Path(given) if given else None
        for given in (parameters.certificate, parameters.private_key, parameters.people)
    )
    if (certificate is None) != (key is None):
        raise ConfigurationError("certificate and private_key belong together: give both, or neither")
    if not address.is_loopback:
        lacking = [
            name for name, given in (("people", people), ("certificate", certificate)) if given is None
        ]
        if lacking:
            raise ConfigurationError(
                f"host is {address}, which others can reach: give {' and '.join(lacking)} too"
                " (docs/console.md)"
            )
    own = f"[{address}]" if address.version == 6 else str(address)
    names = ("localhost", own) if address.is_loopback else ()
    if certificate is not None and key is not None:
        names = (*names, *_names_in(certificate))
        _require_fitting(certificate, key)
    return Access(str(address), names, certificate, key, people)


def _names_in(path: Path) -> tuple[str, ...]:
    """The names and addresses that a certificate is for, in its order."""
    try:
        certificate = x509.load_pem_x509_certificate(read_bounded(path, _LARGEST))
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise ConfigurationError(
            f"{path}: expected a certificate in PEM with the names of this machine in it: {error}"
        ) from error
    if not certificate.not_valid_before_utc <= datetime.now(UTC) < certificate.not_valid_after_utc:
        raise ConfigurationError(
            f"{path}: valid from {certificate.not_valid_before_utc:%Y-%m-%d} to"
            f" {certificate.not_valid_after_utc:%Y-%m-%d}, not today: look at the clock, or get another one"
        )
    names = [name.lower() for name in named.get_values_for_type(x509.DNSName) if "*" not in name]
    for each in named.get_values_for_type(x509.IPAddress):
        names.append(f"[{each}]" if each.version == 6 else str(each))
    if not names:
        raise ConfigurationError(f"{path}: the certificate names no machine: it needs one without '*'")
    return tuple(names)


def _require_fitting(certificate: Path, key: Path) -> None:
    read_bounded(key, _LARGEST)  # names the file when it is not there
    try:
        # the same as uvicorn does, before anything listens; a key with a pass phrase would be asked for
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            f"{key}: is no key without a pass phrase for the certificate {certificate}: {error}"
        ) from error
