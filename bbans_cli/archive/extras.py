"""Optional packages, and the error that names the extra which brings them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bbans_cli.errors import MissingExtraError


@contextlib.contextmanager
def needed(extra: str, what: str) -> Iterator[None]:
    """Around imports of packages that an extra brings. Raises MissingExtraError.

    what  the feature that needs them, for the message
    """
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(f"{what} needs more packages: pip install 'bbans-cli[{extra}]' ({error})") from error
