"""Users as tests have them: with a password, and with tokens and keys as they need them."""

import base64
from dataclasses import dataclass
from typing import Any

import oci
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.support.api import Answer, Api

PASSWORD = "correct horse battery"


def basic(name: str, password: str = PASSWORD) -> str:
    """The header of a user name and a password."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def key_pair() -> tuple[str, str]:
    """A new private key and its public half, in PEM."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass
class Person:
    """A user, and what an administrator does with it."""

    url: str
    administrator: Api
    name: str

    def with_header(self, authorization: str) -> Api:
        return Api(self.url, "/api/3.0/modelkeep", {"authorization": authorization})

    def token(self, name: str = "one", **details: Any) -> str:
        """A new access token."""
        made = self.administrator.ok("POST", f"users/{self.name}/tokens", {"name": name, **details}, status=201)
        token: str = made["token"]
        return token

    def asks(self, authorization: str) -> Answer:
        """What the server answers to the question who this is."""
        return self.with_header(authorization).call("GET", f"users/{self.name}")

    def add_key(self, public_key: str, **details: str) -> dict[str, str]:
        """The profile of a new API key."""
        body = {"public_key": public_key, **details}
        profile: dict[str, str] = self.administrator.ok("POST", f"users/{self.name}/keys", body, status=201)["profile"]
        return profile

    def new_signer(self) -> Any:
        """Signs as Oracle's SDK does, by a key of this user."""
        private, public = key_pair()
        profile = self.add_key(public)
        return oci.signer.Signer(
            profile["tenancy"], profile["user"], profile["fingerprint"], None, private_key_content=private
        )
