"""Exceptions. The engine raises them by name; each carries as data what its text says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from qingfeng._results import Diagnostic, Reject

if TYPE_CHECKING:
    from qingfeng._native import Table


class QingfengError(Exception):
    """Something that the engine cannot do. The classes below say what; this one is for the rest."""

    #: The mistakes of the pack, where it is about a pack.
    diagnostics: tuple[Diagnostic, ...] = ()
    #: What was answered before it, where results were read to the end at once.
    rows: Table | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions come back from other processes. Rows stay where they are.
        state = {name: value for name, value in self.__dict__.items() if name != "rows"}
        return (_made, (type(self), self.args, state))


def _made(
    kind: type[QingfengError], arguments: tuple[Any, ...], state: dict[str, Any]
) -> QingfengError:
    made = kind.__new__(kind, *arguments)
    made.args = arguments
    made.__dict__.update(state)
    return made


class PackError(QingfengError):
    """A pack with mistakes, or one that cannot be read. `diagnostics` has them all."""

    def __init__(self, message: str, *, diagnostics: Iterable[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.diagnostics = tuple(Diagnostic.of(item) for item in diagnostics)


class DigestError(PackError):
    """A pack, or a snapshot of its store, that is another than the one that was expected."""

    def __init__(self, message: str, *, expected: str = "", found: str = "") -> None:
        super().__init__(message)
        #: The digest that was expected.
        self.expected = expected
        #: The digest of the pack.
        self.found = found


class ColumnError(QingfengError):
    """The columns of a table do not fit the pack: nothing was scored."""

    def __init__(self, message: str, *, kind: str = "", fields: Iterable[str] = ()) -> None:
        super().__init__(message)
        #: What does not fit: `type`, `missing`, `repeated` or `too_large`.
        self.kind = kind
        #: The fields of the pack that it is about.
        self.fields = tuple(fields)


class RejectedError(QingfengError):
    """A declaration that is not assessed, since its lines cannot be read."""

    def __init__(self, message: str, *, rejects: Iterable[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        #: Each line with field, value and reason.
        self.rejects = tuple(Reject.of(item) for item in rejects)


class InputError(QingfengError):
    """An input that cannot be read, or not to its end."""


class OutputError(QingfengError):
    """A file that cannot be written."""


class UnreadRowsWarning(UserWarning):
    """Rows of a table that people keep, such as outcomes, that cannot be read: what they say does not count."""


class NotFoundError(QingfengError):
    """A rule or a declaration that is not there."""
