"""Identifiers: UUID version 7 (RFC 9562), so that newer rows sort after older ones."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUIDv7: 48 bits of milliseconds, then version, variant and 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76 | (random_bits >> 68) << 64
    value |= 0b10 << 62 | (random_bits & (2**62 - 1))
    return UUID(int=value)
