"""Where the command begins: `bbc`, and `python -m bbans_cli`."""

import signal
import sys


def main() -> None:
    # While modules are being imported there is nothing to clean up, and a traceback would help nobody.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bbans_cli.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
