"""What a function's docstring says of it."""

import dataclasses
import functools
import inspect
import re
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Description:
    """Three parts of a docstring, each perhaps empty.

    Attributes:
        summary: Its first sentence.
        text: The paragraphs after that, up to the first section, without examples.
        reference: Its section of that name, or `References`.
    """

    summary: str
    text: str
    reference: str


_SECTION = re.compile(r"^(\w+):[ \t]*$", re.MULTILINE)


def describe(function: Callable) -> Description:
    """Reads the docstring of a function, or of what a `functools.partial` calls.

    A partial's own `__doc__`, if it has been given one, stands in the summary's place.

    Example:
        >>> from tfq_resqunn.circuits import ENCODERS
        >>> describe(ENCODERS.get("angle_rx")).summary
        "Encodes each value as the angle of one rotation on a qubit of its own. (rotation='rx')"
        >>> describe(lambda n: n)
        Description(summary='', text='', reference='')
    """
    options = {}
    own = ""
    while isinstance(function, functools.partial):
        own = own or vars(function).get("__doc__", "")
        options = {**function.keywords, **options}
        function = function.func
    before, *sections = _SECTION.split(inspect.getdoc(function) or "")
    named = dict(zip(sections[::2], sections[1::2], strict=True))
    summary, _, rest = before.strip().partition("\n\n")
    summary = " ".join((own or summary).split())
    if options and not own:
        summary += f" ({', '.join(f'{name}={value!r}' for name, value in options.items())})"
    paragraphs = [p for p in rest.strip().split("\n\n") if not p.startswith(">>>")]
    reference = " ".join((named.get("Reference") or named.get("References") or "").split())
    reference = re.sub(r"\*([^*\s][^*]*)\*", r"\1", reference)  # titles, in italics
    return Description(summary.strip(), "\n\n".join(paragraphs), reference)
