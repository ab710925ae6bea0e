"""The command `qingfeng`, as the wheel installs it; also `python -m qingfeng`."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from qingfeng._native import run_command


def main() -> NoReturn:
    """Runs the command with the arguments of this process, and ends the process."""
    # The command hears of signals itself: Python would wait for the end of the run to raise KeyboardInterrupt.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = run_command(["qingfeng", *sys.argv[1:]])
    sys.exit(code)


if __name__ == "__main__":
    main()
