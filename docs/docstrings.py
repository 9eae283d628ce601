"""How the API reference reads docstrings: their examples become code."""

import re

import griffe

# Examples that stand in the text, at its margin.
DOCTEST = re.compile(r"^>>> .*(?:\n(?!\n).+)*", re.MULTILINE)


class Examples(griffe.Extension):
    """Keras' docstrings say `Example:`, and griffe knows only `Examples:`."""

    def on_instance(self, *, obj, **kwargs):
        if obj.docstring is not None:
            text = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
            obj.docstring.value = DOCTEST.sub(r"```pycon\n\g<0>\n```", text)
