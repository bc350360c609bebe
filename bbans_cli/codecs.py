"""The public name of the codec library; `bbans_cli.entropy.codecs` has its modules, docs/codecs.md its tutorial."""

from bbans_cli.entropy.codecs import *  # noqa: F403
from bbans_cli.entropy.codecs import __all__ as __all__
