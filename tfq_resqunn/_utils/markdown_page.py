"""Pieces of Markdown, and Markdown as one page of HTML that needs no other file.

Names of data sets, settings and errors come from anywhere. `escape`, `code` and `code_block` keep
them from being read as Markdown, and `to_html` takes neither HTML nor links to scripts.
"""

import html
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from xml.etree.ElementTree import Element

import markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

# What Markdown knows beyond what is written here: HTML, and further ways to write a link.
UNUSED = (
    "html", "entity", "autolink", "automail", "reference", "short_reference", "image_reference",
    "short_image_ref",
)  # fmt: skip
LINKS = ("https://", "http://", "#")
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: 1.2rem 1rem 4rem; max-width: 60rem; background: #fff; color: #222;
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }}
h1 {{ font-size: 1.7rem; line-height: 1.25; margin: 0.6rem 0 1rem; }}
h2 {{ font-size: 1.25rem; margin: 2.6rem 0 0.6rem; padding-top: 0.6rem;
  border-top: 1px solid #ccc; }}
p, ul {{ margin: 0.7rem 0; max-width: 46rem; }}
p:has(.picture) {{ max-width: none; }}
li {{ margin: 0.35rem 0; }}
a {{ color: #1b4f72; }}
code {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.9em;
  background: #f3f3f3; padding: 0.05em 0.25em; border-radius: 3px; white-space: nowrap; }}
pre {{ background: #f3f3f3; padding: 0.7rem 0.9rem; overflow-x: auto; border-radius: 4px; }}
pre code {{ background: none; padding: 0; white-space: pre; }}
table {{ display: block; overflow-x: auto; margin: 0.7rem 0 1.4rem; border-collapse: collapse;
  font-size: 0.9rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 0.3rem 0.75rem 0.3rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid #e3e3e3; }}
thead th {{ border-bottom: 2px solid #888; vertical-align: bottom; }}
@media screen {{ td:first-child, td[style], td code {{ white-space: nowrap; }} }}
.picture {{ display: block; overflow-x: auto; }}
svg {{ display: block; height: auto; max-width: 100%; min-width: 34rem; }}
@media print {{
  body {{ max-width: none; padding: 0; font-size: 10pt; }}
  h2 {{ break-after: avoid; }}
  .picture, tr, li {{ break-inside: avoid; }}
  table {{ font-size: 8pt; overflow: visible; }}
  svg {{ min-width: 0; max-height: 40vh; }}
  pre code {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
  nav {{ display: none; }}
}}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def escape(text: str) -> str:
    r"""Writes text of any origin within a line of Markdown, so that no character is a mark.

    Example:
        >>> print(escape("[a](b) <i> is *not* x_1"))
        \[a\](b) \<i\> is \*not\* x_1
    """
    return re.sub(r"([\\`*\[\]<>&~]|(?<!\w)_|_(?!\w))", r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Writes text of any origin as code within a line.

    Example:
        >>> print(code("X+O1"), code("a `b`"))
        `X+O1` `` a `b` ``
    """
    text = " ".join(text.split())
    marks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{marks} {text} {marks}" if len(marks) > 1 else f"`{text}`"


def code_block(text: str) -> str:
    """Writes text of any origin as lines of code, between fences that it does not contain."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"


def bullets(items: Iterable[str]) -> str:
    """Writes a list."""
    return "\n".join(f"- {item}" for item in items)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], n_labels: int = 1) -> str:
    """Writes a table; all columns but the first `n_labels` are aligned to the right.

    Cells are Markdown already, but for `|`, which is escaped here.

    Example:
        >>> print(table(["Name", "n"], [["a", "1"], ["b", "100"]]))
        | Name |   n |
        | ---- | --: |
        | a    |   1 |
        | b    | 100 |
    """
    lines = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines.insert(0, list(header))
    widths = [max(3, *map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * w if k < n_labels else "-" * (w - 1) + ":" for k, w in enumerate(widths)]
    lines.insert(1, rule)
    return "\n".join(
        "| " + " | ".join(
            cell.ljust(width) if k < n_labels else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        ) + " |"
        for line in lines
    )  # fmt: skip


def to_html(text: str, pictures: Mapping[str, str] | None = None) -> str:
    r"""Turns Markdown into a page of HTML that needs no other file.

    The text begins with the title, a line such as `# Title`. HTML in it is shown, not obeyed, and
    links lead to addresses of the web, or to places in the page. `pictures` holds the SVG of each
    picture, by the address that stands for it in the text.

    Example:
        >>> "<p>Is <code>x &lt; 1</code>?</p>" in to_html("# A page\n\nIs `x < 1`?")
        True
    """
    title = text.partition("\n")[0].removeprefix("# ")
    converter = markdown.Markdown(
        extensions=["fenced_code", "tables", "toc"],
        extension_configs={"toc": {"marker": "", "toc_depth": "2-2"}},
        output_format="html",
    )
    converter.ESCAPED_CHARS = list(string.punctuation)
    converter.preprocessors.deregister("html_block")
    for name in UNUSED:
        converter.inlinePatterns.deregister(name)
    # Last of all, when addresses stand there as a browser will read them.
    converter.treeprocessors.register(_Addresses(converter, pictures or {}), "addresses", -1)
    body = converter.convert(text)
    if "<h2" in body:
        contents = converter.toc.replace('<div class="toc">', "<nav>").replace("</div>", "</nav>")
        body = body.replace("<h2", f"{contents}\n<h2", 1)
    return PAGE.format(title=html.escape(title), body=body)


class _Addresses(Treeprocessor):
    """Puts pictures in their places, and takes every other address but those of `LINKS` away."""

    def __init__(self, converter: markdown.Markdown, pictures: Mapping[str, str]):
        super().__init__(converter)
        self.pictures = pictures

    def run(self, root: Element) -> None:
        for link in root.iter("a"):
            if not link.get("href", "").startswith(LINKS):
                link.attrib.pop("href", None)
        for k, image in enumerate(list(root.iter("img"))):
            address, label = image.attrib.pop("src", ""), image.attrib.pop("alt", "")
            image.tag = "span"
            image.text = AtomicString(label)
            if address in self.pictures:
                svg = inline_svg(self.pictures[address], f"picture-{k}", label)
                image.set("class", "picture")
                image.text = self.md.htmlStash.store(svg)


def inline_svg(svg: str, name: str, label: str) -> str:
    """Readies a picture to stand among others on one page: no prolog, names of its own, a label.

    Example:
        >>> inline_svg('<?xml version="1.0"?><svg><g id="a"/><use href="#a"/></svg>', "f", "A dot")
        '<svg role="img" aria-label="A dot"><g id="f-a"/><use href="#f-a"/></svg>'
    """
    svg = svg[svg.index("<svg") :].rstrip()
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = svg.replace("url(#", f"url(#{name}-")
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(label)}"', 1)
