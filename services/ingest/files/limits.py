"""How large a file may become while it is read; hostile files end here and not in the memory."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class FileLimits:
    """Bounds of reading one file. Sizes in bytes, a line in characters."""

    unpacked_bytes: int = 4096 * MIB
    unpack_ratio: int = 200
    workbook_bytes: int = 320 * MIB
    row_group_bytes: int = 256 * MIB
    line_characters: int = MIB
    columns: int = 2_000
    rows: int = 50_000_000
    cell_characters: int = 100_000


DEFAULT_LIMITS = FileLimits()

# Small files may pack very well without being a bomb: the ratio counts only above this size.
RATIO_FREE_BYTES = 32 * MIB
