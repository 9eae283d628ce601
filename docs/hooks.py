"""What MkDocs does beside its own: pages from outside of docs/, and a check of all links.

Pages stand on the site where they stand in the repository, so that a link between two files is
the same in both.
"""

import base64
import html.parser
import logging
import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE")
# A badge is loaded from elsewhere. Its text says as much.
BADGE = re.compile(r"!\[(Open in Colab)\](?:\[\w+\]|\([^)]+\))")
COLAB = re.compile(r"^\[Open in Colab\]\([^)]+\)$", re.MULTILINE)
FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
# MkDocs counts what is logged beneath its own name; with --strict, one warning fails the build.
LOG = logging.getLogger("mkdocs.hooks.links")


class Notebook(File):
    """A notebook as a page, with its stored outputs; nothing is run.

    As Markdown, so that MkDocs does the rest: links to other pages, the search, both colour
    schemes. mkdocs-jupyter (0.26) makes HTML instead, where links to `.md` files lead nowhere and
    each page holds 0.6 MB of styles.
    """

    def is_documentation_page(self):
        return True

    @property
    def content_string(self):
        notebook = nbformat.read(self.abs_src_path, as_version=4)
        for output in (o for cell in notebook.cells for o in cell.get("outputs", ())):
            if picture := output.get("data", {}).get("image/svg+xml"):
                output.data = {"text/html": _embedded(picture)}
        exporter = MarkdownExporter(config={"ExtractOutputPreprocessor": {"enabled": False}})
        text, _ = exporter.from_notebook_node(notebook)
        return text


@event_priority(100)  # before plugins look at the files
def on_files(files, config):
    """Gives all files their place in the repository."""
    ours = [f for f in files if f.src_dir == config.docs_dir]
    theme = [f for f in files if f.src_dir != config.docs_dir]
    documents = [f"docs/{f.src_uri}" for f in ours if f.inclusion.is_included()]
    notebooks = [f"tutorials/{path.name}" for path in (ROOT / "tutorials").glob("*.ipynb")]
    pages = [_file(File, p, config) for p in (*DOCUMENTS, *documents)]
    return Files([*theme, *pages, *(_file(Notebook, p, config) for p in notebooks)])


def on_config(config):
    """Lists the pages of a folder where the navigation names the folder."""
    config.nav = _expanded(config.nav)
    return config


def on_page_markdown(markdown, page, config, files):
    """Puts text in the place of badges, and indents lists so that numbered items contain them."""
    markdown = BADGE.sub(r"\1", markdown)
    if isinstance(page.file, Notebook):
        # As HTML, which MkDocs leaves alone: a link of Markdown would lead to the page.
        download = f'<a class="md-button" href="{page.file.name}.ipynb" download>Download</a>'
        markdown = COLAB.sub(rf"\g<0>{{ .md-button }} {download}", markdown, count=1)
    parts = FENCED.split(markdown)
    parts[::2] = [re.sub(r"^ {3}(?=- )", " " * 4, part, flags=re.MULTILINE) for part in parts[::2]]
    return "".join(parts)


def on_post_build(config):
    """Puts notebooks beside their pages; checks where links lead, and what pages load."""
    site = Path(config.site_dir)
    for notebook in (ROOT / "tutorials").glob("*.ipynb"):
        shutil.copy(notebook, site / "tutorials")
    pages = {path: _read(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    for path, page in pages.items():
        where = path.relative_to(site).as_posix()
        for url in page.loaded:
            if urlsplit(url).netloc:
                LOG.warning("%s loads %s, which is not part of the site", where, url)
        for url in page.links + page.loaded:
            if not _is_there(url, path, pages):
                LOG.warning("%s links to %s, which is not there", where, url)


def _expanded(entry):
    if isinstance(entry, list):
        return [_expanded(part) for part in entry]
    if isinstance(entry, dict):
        return {title: _expanded(part) for title, part in entry.items()}
    if not entry.endswith("/"):
        return entry
    folder = ROOT / entry
    pages = sorted([*folder.rglob("*.md"), *folder.rglob("*.ipynb")])
    # Pages in folders of their own may all have the same title: the folder's name tells them apart.
    return [
        name if path.parent == folder else {path.parent.name: name}
        for path in pages
        for name in [path.relative_to(ROOT).as_posix()]
    ]


def _file(kind: type[File], path: str, config) -> File:
    return kind(path, str(ROOT), config.site_dir, config.use_directory_urls)


def _embedded(svg: str) -> str:
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="output of the cell" src="data:image/svg+xml;base64,{data}">'


class _Page(html.parser.HTMLParser):
    """The links of a page, what it loads, and the anchors that others can link to."""

    def __init__(self):
        super().__init__()
        self.links, self.loaded, self.anchors = [], [], set()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and values.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.append(values["href"])
        elif "src" in values:
            self.loaded.append(values["src"])


def _read(path):
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _is_there(url, path, pages):
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return True
    target = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
    target = target / "index.html" if target.is_dir() else target
    if not parts.fragment or target not in pages:
        return target.is_file()
    return unquote(parts.fragment) in pages[target].anchors
