"""Where the command begins: `bbc`, and `python -m bbans_cli`."""

import gc
import os
import signal
import sys


def main() -> None:
    # While modules are being imported there is nothing to clean up, and a traceback would help nobody.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()  # what is imported stays
    if sys.argv[1:2] == ["thumbnail"]:
        from bbans_cli.cli import quick_thumbnail

        if quick_thumbnail.made(sys.argv[1:]):
            sys.exit(0)
    from bbans_cli.cli.main import run

    gc.freeze()
    gc.enable()
    # numpy's BLAS starts a thread for each core, which spins when it begins; no product of matrices here is left to it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
