"""What the options say without numpy is what the modules say that need it."""

import pytest

from bbans_cli import container
from bbans_cli.cli import options
from bbans_cli.cli.main import bbc


def test_limits_agree() -> None:
    assert options.MAX_PIXELS == container.MAX_PIXELS


@pytest.mark.parametrize("verb", sorted(bbc.commands))
def test_letters_mean_what_they_mean_elsewhere(verb: str) -> None:
    known = {
        "-o": "--output",
        "-c": "--stdout",
        "-f": "--force",
        "-k": "--keep",
        "-r": "--recursive",
        "-T": "--threads",
        "-q": "--quiet",
        "-v": "--verbose",
        "-n": "--dry-run",
    }
    for parameter in bbc.commands[verb].params:
        for letter, word in known.items():
            if letter in parameter.opts:
                assert word in parameter.opts
        # Letters of modes elsewhere, which are verbs here, and of options that bbc does not have.
        assert not {"-d", "-t", "-l", "-z", "-e", "-S", "-C", "-N", "-a"} & set(parameter.opts)
