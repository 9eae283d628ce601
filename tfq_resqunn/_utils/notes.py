"""Notes that an error carries beside its message; from Python 3.11 on, tracebacks show them."""


def add_note(error: BaseException, note: str) -> None:
    """Does what `add_note` of an error does, which Python 3.10 does not have."""
    vars(error)["__notes__"] = [*notes_of(error), note]


def notes_of(error: BaseException) -> list[str]:
    """Gives the notes that an error carries.

    Example:
        >>> error = ValueError("wrong")
        >>> add_note(error, "Said beside it.")
        >>> notes_of(error)
        ['Said beside it.']
    """
    return list(getattr(error, "__notes__", []))
