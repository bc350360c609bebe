"""The .bbc container: bytes <-> header, parts, bands, metadata."""

from bbans_cli.container.coder_ids import CODER_NAMES, DEEP, FEW_COLOURS, JPEG, NEURAL, RAW, WEBP, WITH_MODEL_ID
from bbans_cli.container.file_format import (
    CHANNELS,
    CRITICAL_FLAGS,
    DEPTHS,
    FLAG_METADATA,
    MAGIC,
    MAX_PARTS,
    MODES,
    VERSION,
    Band,
    Container,
    Part,
    band_heights,
    from_bytes,
    to_bytes,
)

__all__ = [
    "CHANNELS",
    "CODER_NAMES",
    "CRITICAL_FLAGS",
    "DEEP",
    "DEPTHS",
    "FEW_COLOURS",
    "FLAG_METADATA",
    "JPEG",
    "MAGIC",
    "MAX_PARTS",
    "MODES",
    "NEURAL",
    "RAW",
    "VERSION",
    "WEBP",
    "WITH_MODEL_ID",
    "Band",
    "Container",
    "Part",
    "band_heights",
    "from_bytes",
    "to_bytes",
]
