"""Signatures that nobody made: what one vouches for is found as `cryptography` verifies it, or not at all."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep.server.authentication.signatures import signed_digest

_BYTES = 256
_TEXT = b"(request-target): get /api/2.0/mlflow/x"
_DIGEST = hashlib.sha256(_TEXT).digest()
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_KEYS = [rsa.generate_private_key(public_exponent=exponent, key_size=2_048) for exponent in (3, 65_537)]


def agrees(key: rsa.RSAPrivateKey, signature: bytes, text: bytes = _TEXT) -> bool:
    """Whether a signature vouches for the text, on which both ways have to agree."""
    public = key.public_key()
    try:
        public.verify(signature, text, PKCS1v15(), SHA256())
        verified = True
    except InvalidSignature:
        verified = False
    assert (signed_digest(public, signature) == hashlib.sha256(text).digest()) == verified
    return verified


def sealed(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    """What has this block as its result, made by the private key without any padding of its own."""
    numbers = key.private_numbers()
    modulus = numbers.public_numbers.n
    return pow(int.from_bytes(block, "big") % modulus, numbers.d, modulus).to_bytes(_BYTES, "big")


def block(info: bytes = _DIGEST_INFO, digest: bytes = _DIGEST, *, start: bytes = b"\0\1", fill: int = 0xFF) -> bytes:
    rest = b"\0" + info + digest
    return start + bytes([fill]) * (_BYTES - len(start) - len(rest)) + rest


def test_what_a_key_signed_is_what_is_found() -> None:
    for key in _KEYS:
        assert agrees(key, key.sign(_TEXT, PKCS1v15(), SHA256()))
        assert agrees(key, sealed(key, block()))


def test_what_is_malformed_is_refused_though_the_key_itself_made_it() -> None:
    without_parameters = bytes.fromhex("302f300b06096086480165030402010420")
    short_fill = b"\0\1" + b"\xff" * 8 + b"\0" + _DIGEST_INFO + _DIGEST
    long_form = bytes.fromhex("308131300d060960864801650304020105000420")
    malformed = {
        "another kind of block": block(start=b"\0\2"),
        "a first byte that is not zero": block(start=b"\1\1"),
        "other fill": block(fill=0xFE),
        "something after the digest": short_fill + bytes(_BYTES - len(short_fill)),
        "no parameters": block(without_parameters),
        "a length in its long form": block(long_form),
        "another digest's name": block(bytes.fromhex("3031300d060960864801650304020205000420")),
        "nothing of what is digested": block(b""),
        "nothing but zeros": bytes(_BYTES),
    }
    for key in _KEYS:
        for what, made in malformed.items():
            assert not agrees(key, sealed(key, made)), what
        assert not agrees(key, key.sign(_TEXT, PKCS1v15(), SHA1()))


def test_a_cube_root_of_what_begins_well_is_refused() -> None:
    """Whoever finds a digest after so much fill, wherever it stands, takes any number's cube root for a signature."""
    wanted = b"\0\1" + b"\xff" * 8 + b"\0" + _DIGEST_INFO + _DIGEST
    beyond = int.from_bytes(wanted + b"\xff" * (_BYTES - len(wanted)), "big")
    low, high = 0, 1 << 800
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= beyond else (low, middle - 1)
    assert (low**3).to_bytes(_BYTES, "big").startswith(wanted)
    assert not agrees(_KEYS[0], low.to_bytes(_BYTES, "big"))


def test_numbers_at_the_edges_are_refused() -> None:
    for key in _KEYS:
        modulus = key.public_key().public_numbers().n
        right = int.from_bytes(key.sign(_TEXT, PKCS1v15(), SHA256()), "big")
        for number in (0, 1, modulus - 1, modulus, modulus + 1, modulus - right, right + modulus, 2**2048 - 1):
            size = max(_BYTES, (number.bit_length() + 7) // 8)
            assert not agrees(key, number.to_bytes(size, "big"))


def test_one_that_is_longer_or_shorter_is_refused() -> None:
    for key in _KEYS:
        right = key.sign(_TEXT, PKCS1v15(), SHA256())
        for other in (b"", right[:-1], right[1:], b"\0" + right, right + b"\0", right * 2):
            assert not agrees(key, other)


def test_another_key_with_the_same_modulus_vouches_for_nothing() -> None:
    numbers = _KEYS[1].public_key().public_numbers()
    other = rsa.RSAPublicNumbers(3, numbers.n).public_key()
    assert signed_digest(other, _KEYS[1].sign(_TEXT, PKCS1v15(), SHA256())) is None


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_KEYS), st.integers(0, 8 * _BYTES - 1), st.binary(max_size=40))
def test_whatever_bit_is_turned_over_it_is_refused(key: rsa.RSAPrivateKey, bit: int, text: bytes) -> None:
    right = int.from_bytes(key.sign(text, PKCS1v15(), SHA256()), "big")
    assert agrees(key, right.to_bytes(_BYTES, "big"), text)
    assert not agrees(key, (right ^ 1 << bit).to_bytes(_BYTES, "big"), text)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_KEYS), st.one_of(st.binary(max_size=300), st.binary(min_size=_BYTES, max_size=_BYTES)))
def test_both_ways_agree_on_anything(key: rsa.RSAPrivateKey, signature: bytes) -> None:
    assert not agrees(key, signature)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(_KEYS), st.integers(0, _BYTES - 1), st.integers(0, 255))
def test_a_block_with_any_byte_changed_vouches_for_nothing(key: rsa.RSAPrivateKey, at: int, byte: int) -> None:
    made = bytearray(block())
    made[at] = byte
    assert agrees(key, sealed(key, bytes(made))) == (bytes(made) == block())
