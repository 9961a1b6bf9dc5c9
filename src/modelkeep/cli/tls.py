"""`modelkeep tls`: certificates for trying https out."""

import datetime
import ipaddress
import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Certificates.", no_args_is_help=True)

_DAYS = 825


@app.callback()
def _group() -> None:
    """Certificates for trying https out."""


@app.command("self-signed")
def self_signed(
    directory: Annotated[Path, typer.Argument(help="Where localhost.crt and localhost.key are put.")],
) -> None:
    """Make a key and a certificate for localhost, 127.0.0.1 and ::1, good for 825 days."""
    certificate, key = make_pair(directory)
    typer.echo(f"{certificate}\n{key}")
    typer.echo(
        f"Serve with: modelkeep serve --tls-cert {certificate} --tls-key {key}\n"
        f"Trust it with: REQUESTS_CA_BUNDLE={certificate} (the aidp CLI, the Oracle SDK, MLflow and requests)",
        err=True,
    )


def make_pair(directory: Path) -> tuple[Path, Path]:
    """Write the pair, the key readable by its owner alone. Returns certificate and key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(tz=datetime.UTC)
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    directory.mkdir(parents=True, exist_ok=True)
    certificate_path, key_path = directory / "localhost.crt", directory / "localhost.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return certificate_path, key_path
