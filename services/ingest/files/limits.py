"""How large a file may become while it is read; hostile files end here and not in the memory."""

from dataclasses import dataclass

MIB = 1 << 20
DECODERS_AT_ONCE = 2
"""Processes that decode workbooks and Parquet for one process of ours; the next file waits."""
TURN_SECONDS = 60.0


@dataclass(frozen=True)
class FileLimits:
    """Bounds of reading one file. Sizes in bytes, a line in characters.

    `decoder_*` bind the process that decodes workbooks and Parquet: its memory (a workbook of a
    million rows and twelve columns takes 1.4 GB) and its processor time.
    """

    unpacked_bytes: int = 4096 * MIB
    unpack_ratio: int = 200
    workbook_bytes: int = 1024 * MIB
    decoder_bytes: int = 2048 * MIB
    decoder_seconds: int = 300
    line_characters: int = MIB
    columns: int = 2_000
    sheet_columns: int = 16_384
    rows: int = 50_000_000


DEFAULT_LIMITS = FileLimits()

# Small files may pack very well without being a bomb: the ratio counts only above this size.
RATIO_FREE_BYTES = 32 * MIB
