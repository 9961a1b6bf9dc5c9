"""Clients' certificates (mutual TLS): a gate in front of every way to log in."""

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.server import RunningServer

_DAY = timedelta(days=1)
_HERE = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        made = (
            self._builder(self._subject, self._key, -_DAY, _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, SHA256())
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(made.public_bytes(Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, since: timedelta, until: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + since)
            .not_valid_after(now + until)
        )

    def issue(
        self, name: str, *, server: bool = False, since: timedelta = -_DAY, until: timedelta = _DAY
    ) -> tuple[Path, Path]:
        """A certificate and its key, as files."""
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            self._builder(subject, key, since, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectAlternativeName(_HERE), critical=False)
            .sign(self._key, SHA256())
        )
        certificate, private = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        certificate.write_bytes(made.public_bytes(Encoding.PEM))
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, private


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[RunningServer]:
    """A server that takes connections of this authority's clients alone."""
    certificate, key = authority.issue("server", server=True)
    tls = ("--tls-cert", str(certificate), "--tls-key", str(key), "--tls-client-ca", str(authority.file))
    with RunningServer(tmp_path_factory.mktemp("gated"), *tls) as server:
        yield server


def ask(server: RunningServer, authority: Authority, certificate: tuple[Path, Path] | None) -> httpx.Response:
    context = ssl.create_default_context(cafile=str(authority.file))
    if certificate is not None:
        context.load_cert_chain(*certificate)
    with httpx.Client(verify=context, timeout=30, trust_env=False) as client:
        return client.get(f"{server.url}/api/2.0/mlflow/registered-models/search")


def test_a_client_with_a_certificate_of_the_authority_is_let_in(gated: RunningServer, authority: Authority) -> None:
    assert ask(gated, authority, authority.issue("alma")).status_code == 200


def test_a_client_without_a_certificate_gets_no_connection(gated: RunningServer, authority: Authority) -> None:
    with pytest.raises(httpx.TransportError):
        ask(gated, authority, None)


def test_a_certificate_of_another_authority_gets_no_connection(
    gated: RunningServer, authority: Authority, tmp_path: Path
) -> None:
    # It even has the same name.
    other = Authority(tmp_path, "ours")
    with pytest.raises(httpx.TransportError):
        ask(gated, authority, other.issue("alma"))


@pytest.mark.parametrize(("since", "until"), [(-2 * _DAY, -_DAY), (_DAY / 2, _DAY)])
def test_a_certificate_gets_no_connection_outside_of_its_time(
    gated: RunningServer, authority: Authority, since: timedelta, until: timedelta
) -> None:
    with pytest.raises(httpx.TransportError):
        ask(gated, authority, authority.issue("late", since=since, until=until))


def test_a_server_s_certificate_is_none_of_a_client(gated: RunningServer, authority: Authority) -> None:
    with pytest.raises(httpx.TransportError):
        ask(gated, authority, authority.issue("server-as-client", server=True))


def test_a_certificate_names_no_user(gated: RunningServer, authority: Authority) -> None:
    """It is a gate alone: where one has to log in, whoever has one still has to."""
    context = ssl.create_default_context(cafile=str(authority.file))
    context.load_cert_chain(*authority.issue("root"))
    with httpx.Client(verify=context, base_url=gated.url, timeout=30, trust_env=False) as client:
        body = {"name": "root", "password": "correct horse battery", "is_administrator": True}
        assert client.post("/api/3.0/modelkeep/users", json=body).status_code == 201
        assert client.get("/api/3.0/modelkeep/users").status_code == 401
