"""How far a run is: a line in a terminal, a bar in a notebook, or a call of one's own."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

from qingfeng import _html
from qingfeng._results import Progress

#: Seconds between two looks at it.
_EVERY = 0.1


class Shown:
    """What the engine calls while it scores."""

    def __init__(self, show: Callable[[Progress], object]) -> None:
        self._show = show
        self._last = 0.0

    @staticmethod
    def of(progress: bool | Callable[[Progress], object] | None) -> Shown | None:
        """What is shown for the argument `progress`."""
        if progress is None or progress is False:
            return None
        return Shown(_usual() if progress is True else progress)

    def __call__(self, lines: int, bytes_read: int, bytes_total: int | None, done: bool) -> None:
        now = time.monotonic()
        if done or now - self._last >= _EVERY:
            self._last = now
            self._show(Progress(lines, bytes_read, bytes_total, done))


def _usual() -> Callable[[Progress], object]:
    return _notebook() or _terminal()


def text(progress: Progress, seconds: float) -> str:
    """How far it is, in words."""
    words = f"{progress.lines:,} lines".replace(",", " ")
    if seconds > 0.5:
        speed = f"{int(progress.lines / seconds):,}".replace(",", " ")
        words += f", {speed} a second"
    if progress.bytes_total and not progress.done:
        words = f"{100 * progress.bytes_read / progress.bytes_total:3.0f} %  {words}"
    return words


def _terminal() -> Callable[[Progress], object]:
    started = time.monotonic()

    def show(progress: Progress) -> None:
        if sys.stderr.isatty():
            end = "\n" if progress.done else ""
            line = text(progress, time.monotonic() - started)
            print(f"\r\x1b[K{line}{end}", end="", file=sys.stderr, flush=True)

    return show


def _notebook() -> Callable[[Progress], object] | None:
    """A bar, if this runs in a notebook."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    page: Any = importlib.import_module("IPython.display")
    started = time.monotonic()
    handle: list[Any] = []

    def show(progress: Progress) -> None:
        bar = page.HTML(_html.progress(progress, text(progress, time.monotonic() - started)))
        if handle:
            handle[0].update(bar)
        else:
            handle.append(page.display(bar, display_id=True))

    return show
