"""Numbers to bytes and back, bit for bit.

Floats are little-endian IEEE doubles, so that what comes back is the number that went in.  A matrix carries its number
of rows in front; a crystal is its atom count, cell, positions and atomic numbers, deflated.  Nothing here can run
code when it is read.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from typing import Any

import numpy as np

from rlcsp_core.errors import StoreError
from rlcsp_core.records import Array, Crystal

FLOAT = np.dtype("<f8")
NUMBER = np.dtype("u1")  # atomic numbers
HEADER = struct.Struct("<I")  # a count in front
LEVEL = 1  # of zlib: coordinates hardly shrink, so time is not spent on trying
MAX_UNPACKED = 1 << 28  # bytes; a damaged or hostile blob must not fill the memory


def pack_vector(values: Array) -> bytes:
    """[K] floats."""
    return np.ascontiguousarray(values, dtype=FLOAT).tobytes()


def unpack_vectors(blobs: list[bytes]) -> Array:
    """[T, K] from T vectors of one length."""
    if not blobs:
        return np.zeros((0, 0))
    return np.frombuffer(b"".join(blobs), dtype=FLOAT).reshape(len(blobs), -1).astype(np.float64)


def pack_matrix(values: Array) -> bytes:
    """[A, F] floats."""
    return HEADER.pack(len(values)) + pack_vector(values)


def unpack_matrices(blobs: list[bytes]) -> Array:
    """[U, A, F] from U matrices of one shape."""
    if not blobs:
        return np.zeros((0, 0, 0))
    (rows,) = HEADER.unpack_from(blobs[0])
    flat = unpack_vectors([blob[HEADER.size :] for blob in blobs])
    return flat.reshape(len(blobs), rows, -1)


def pack_crystal(crystal: Crystal) -> bytes:
    parts = (
        HEADER.pack(crystal.n_atoms),
        pack_vector(crystal.cell),
        pack_vector(crystal.positions),
        np.asarray(crystal.numbers).astype(NUMBER).tobytes(),
    )
    return zlib.compress(b"".join(parts), LEVEL)


def unpack_crystal(blob: bytes) -> Crystal:
    data = inflate(blob)
    (n,) = HEADER.unpack_from(data)
    floats = np.frombuffer(data, dtype=FLOAT, count=9 + 3 * n, offset=HEADER.size).astype(np.float64)
    numbers = np.frombuffer(data, dtype=NUMBER, count=n, offset=HEADER.size + FLOAT.itemsize * len(floats))
    return Crystal(numbers.astype(np.int64), floats[9:].reshape(n, 3), floats[:9].reshape(3, 3))


def pack_json(value: Any) -> bytes:
    """Deflated JSON; Python writes floats so that they read back exactly."""
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), LEVEL)


def unpack_json(blob: bytes) -> Any:
    return json.loads(inflate(blob))


def inflate(blob: bytes) -> bytes:
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(blob, MAX_UNPACKED)
    except zlib.error as error:
        raise StoreError(f"a stored block is damaged ({error}); restore the database from a copy") from None
    if not stream.eof:
        raise StoreError("a stored block is cut off or too large; restore the database from a copy")
    return data


def finite(value: float | None) -> float | None:
    """NULL for what is no number: not every database can hold NaN."""
    return None if value is None or not math.isfinite(value) else float(value)
