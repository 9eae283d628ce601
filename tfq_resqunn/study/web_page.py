"""A report's document as one HTML file that needs nothing else."""

import html
import re

from tfq_resqunn.study.document import Block, Bullets, Code, Document, Paragraph, Picture, Table

STYLE = """\
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem 1rem 4rem; max-width: 60rem; background: #fff; color: #222;
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0.6rem 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 0.6rem; padding-top: 0.6rem; border-top: 1px solid #ccc; }
p, ul { margin: 0.7rem 0; max-width: 46rem; }
li { margin: 0.35rem 0; }
a { color: #1b4f72; }
nav ol { margin: 0.7rem 0; padding-left: 1.4rem; }
code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 0.9em; background: #f3f3f3;
  padding: 0.05em 0.25em; border-radius: 3px; white-space: nowrap; }
pre { background: #f3f3f3; padding: 0.7rem 0.9rem; overflow-x: auto; border-radius: 4px; }
pre code { background: none; padding: 0; white-space: pre; }
figure { margin: 1.4rem 0; }
figcaption { font-size: 0.9rem; color: #444; margin-bottom: 0.5rem; max-width: 46rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; text-align: right; vertical-align: top;
  border-bottom: 1px solid #e3e3e3; }
thead th { border-bottom: 2px solid #888; vertical-align: bottom; }
.label { text-align: left; font-weight: normal; }
thead .label { font-weight: bold; }
svg { display: block; height: auto; max-width: 100%; min-width: 34rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; }
  .picture, tr, li { break-inside: avoid; }
  table { font-size: 8pt; }
  .wide { overflow: visible; }
  svg { min-width: 0; max-height: 40vh; }
  pre code { white-space: pre-wrap; overflow-wrap: anywhere; }
  nav { display: none; }
}"""


def to_html(document: Document) -> str:
    """Writes a document as a page of HTML, with its pictures inside.

    Example:
        >>> page = to_html(Document("A study", (Paragraph("Of `x < 1`."),), ()))
        >>> "<p>Of <code>x &lt; 1</code>.</p>" in page
        True
    """
    title = html.escape(document.title)
    sections = [
        f'<section id="section-{k}">\n<h2>{_inline(section.title)}</h2>\n'
        + "\n".join(map(_block, section.blocks))
        + "\n</section>"
        for k, section in enumerate(document.sections, start=1)
    ]
    links = "".join(
        f'<li><a href="#section-{k}">{_inline(section.title)}</a></li>'
        for k, section in enumerate(document.sections, start=1)
    )
    body = [
        f"<h1>{title}</h1>",
        *map(_block, document.opening),
        f"<nav><ol>{links}</ol></nav>" if links else "",
        *sections,
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{_inline(text)}</p>"
        case Bullets(items):
            return "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"
        case Table():
            return _table(block)
        case Picture(name, caption, svg):
            return (
                f'<figure class="picture"><figcaption>{_inline(caption)}</figcaption>'
                '<div class="wide">'
                f"{inline_svg(svg, name, block.label)}</div></figure>"
            )
        case Code(text):
            return f"<pre><code>{html.escape(text)}</code></pre>"
    raise TypeError(f"to_html: a block must be one of document.py's. Received {block!r}.")


def _table(table: Table) -> str:
    def cells(row, tag):
        return "".join(
            f'<th class="label" scope="{"col" if tag == "th" else "row"}">{_inline(cell)}</th>'
            if k < table.n_labels
            else f"<{tag}>{_inline(cell)}</{tag}>"
            for k, cell in enumerate(row)
        )

    rows = "\n".join(f"<tr>{cells(row, 'td')}</tr>" for row in table.rows)
    return (
        f'<figure><figcaption>{_inline(table.caption)}</figcaption><div class="wide"><table>\n'
        f"<thead><tr>{cells(table.header, 'th')}</tr></thead>\n<tbody>\n{rows}\n</tbody>"
        "</table></div></figure>"
    )


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


def _inline(text: str) -> str:
    text = html.escape(text, quote=False)
    # Code is set aside first, since nothing in it is markup.
    codes = re.findall(r"`([^`]+)`", text)
    text = re.sub(r"`[^`]+`", "\0", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\[([^\[\]]+)\]\((https?://[^\s)]+)\)", r'<a href="\2">\1</a>', text)
    for code in codes:
        text = text.replace("\0", f"<code>{code}</code>", 1)
    return text
