"""``hashlib.pbkdf2_hmac`` and ``hashlib.scrypt``, which CPython has only with OpenSSL: ours are
Rust (``crates/kdf/``).
"""

import sys
from operator import index
from time import perf_counter
from typing import Any, Final

import _wasgi

from ..threads.preemption import poll

_SIZES: Final = {
    "md5": 16,
    "sha1": 20,
    "sha224": 28,
    "sha256": 32,
    "sha384": 48,
    "sha512": 64,
    "sha512_224": 28,
    "sha512_256": 32,
    "sha3_224": 28,
    "sha3_256": 32,
    "sha3_384": 48,
    "sha3_512": 64,
    "blake2b": 64,
    "blake2s": 32,
}
"""Bytes of each digest."""
_ALIASES: Final = {
    alias: name
    for name, aliases in {
        "md5": ["ssl3-md5"],
        "sha1": ["sha-1", "ssl3-sha1"],
        "sha224": ["sha-224", "sha2-224"],
        "sha256": ["sha-256", "sha2-256"],
        "sha384": ["sha-384", "sha2-384"],
        "sha512": ["sha-512", "sha2-512"],
        "sha512_224": ["sha512-224", "sha-512/224", "sha2-512/224"],
        "sha512_256": ["sha512-256", "sha-512/256", "sha2-512/256"],
        "sha3_224": ["sha3-224"],
        "sha3_256": ["sha3-256"],
        "sha3_384": ["sha3-384"],
        "sha3_512": ["sha3-512"],
        "blake2b": ["blake2b512", "blake2b-512"],
        "blake2s": ["blake2s256", "blake2s-256"],
    }.items()
    for alias in aliases
}
"""What OpenSSL calls them besides, in lower case: it does not mind the case."""
_INT_MAX: Final = 2**31 - 1
_SLICE: Final = 0.004
"""Seconds between two moments at which signals and other threads get their turn: less than a thread
keeps the GIL.
"""
_SCRYPT_MEMORY: Final = 32 << 20
"""OpenSSL's limit for scrypt unless ``maxmem`` says otherwise, in bytes."""

_spare: list[Any] = []
"""Instances whose derivation is done."""


def _bytes(value: Any) -> bytes:
    try:
        view = memoryview(value)
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not '{type(value).__name__}'") from None
    if not view.c_contiguous:
        raise BufferError("memoryview: underlying buffer is not C-contiguous")
    return view.tobytes()


def _long(value: Any) -> int:
    number = index(value)
    if not -(2**63) <= number < 2**63:
        raise OverflowError("Python int too large to convert to C long")
    return number


def _unsigned(value: Any) -> int:
    number = index(value)
    if number < 0:
        raise ValueError("value must be positive")
    if number >= 2**64:
        raise OverflowError("Python int too large to convert to C unsigned long")
    return number


def _digest(name: Any) -> str:
    if not isinstance(name, str):
        kind = "None" if name is None else type(name).__name__
        raise TypeError(f"pbkdf2_hmac() argument 'hash_name' must be str, not {kind}")
    lower = name.lower()
    known = name if name in _SIZES else _ALIASES.get(lower, lower)
    # Python's own names for these two are not OpenSSL's.
    if known not in _SIZES or (lower in ("blake2b", "blake2s") and name != lower):
        raise ValueError(f"unsupported hash type {name}")
    return known


def pbkdf2_hmac(
    hash_name: str, password: Any, salt: Any, iterations: int, dklen: int | None = None
) -> bytes:
    """Password based key derivation function 2 (PKCS #5 v2.0) with HMAC as pseudorandom
    function.
    """
    password, salt, iterations = _bytes(password), _bytes(salt), _long(iterations)
    name = _digest(hash_name)
    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    if iterations > _INT_MAX:
        raise OverflowError("iteration value is too great.")
    length = _SIZES[name] if dklen is None else _long(dklen)
    if length < 1:
        raise ValueError("key length must be greater than 0.")
    if length > _INT_MAX:
        raise OverflowError("key length is too great.")
    try:
        derivation = _spare.pop()
    except IndexError:
        derivation = _wasgi.key_derivation()
    data = name.encode() + password + salt
    if not derivation.pbkdf2(data, len(name), len(password), iterations, length):
        raise MemoryError
    # Natively the GIL is free meanwhile. Here it is between the steps, whose length follows the
    # machine's speed.
    caller = sys._getframe(1)
    step, more = 1000, True
    while more:
        start = perf_counter()
        more = derivation.step(step)
        elapsed = perf_counter() - start
        if elapsed < _SLICE / 2:
            step *= 2
        elif elapsed > _SLICE:
            step = max(step // 2, 100)
        poll(caller)
    key: bytes = derivation.key().to_bytes()
    _spare.append(derivation)
    return key


def scrypt(
    password: Any, *, salt: Any, n: int, r: int, p: int, maxmem: int = 0, dklen: int = 64
) -> bytes:
    """scrypt password-based key derivation function."""
    password, salt = _bytes(password), _bytes(salt)
    n, r, p, maxmem, dklen = _unsigned(n), _unsigned(r), _unsigned(p), _long(maxmem), _long(dklen)
    if n < 2 or n & (n - 1):
        raise ValueError("n must be a power of 2.")
    if not 0 <= maxmem <= _INT_MAX:
        raise ValueError(f"maxmem must be positive and smaller than {_INT_MAX}")
    if not 1 <= dklen <= _INT_MAX:
        raise ValueError(f"dklen must be greater than 0 and smaller than {_INT_MAX}")
    _check_as_openssl(n, r, p, maxmem)
    # Not one that is kept: its memory goes when the key is there.
    derivation = _wasgi.key_derivation()
    if not derivation.scrypt(password + salt, len(password), n.bit_length() - 1, r, p, dklen):
        raise MemoryError
    key: bytes = derivation.key().to_bytes()
    return key


def _check_as_openssl(n: int, r: int, p: int, maxmem: int) -> None:
    """The limits of OpenSSL's EVP_PBE_scrypt, which are RFC 7914's and one of memory."""
    if r >= 2**32 or p >= 2**32:
        raise ValueError("[digital envelope routines] parameter too large")
    if r == 0 or p == 0:
        raise ValueError("Invalid parameter combination for n, r, p, maxmem.")
    memory = 128 * r * (p + n + 2)
    if p > (2**30 - 1) // r or n >= 1 << 16 * min(r, 4) or memory > (maxmem or _SCRYPT_MEMORY):
        raise ValueError("[digital envelope routines] memory limit exceeded")
