"""The letters of the options."""

import pytest

from bbans_cli.cli.main import bbc


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
