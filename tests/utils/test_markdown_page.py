"""Markdown as a page: what it looks like, and that it obeys nobody's HTML."""

import re

import pytest

from tests.study.test_study_report import Page
from tfq_resqunn._utils.markdown_page import code, code_block, escape, inline_svg, table, to_html

pytestmark = pytest.mark.once

SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><g id="a"/></svg>'
EVIL = [
    "<script>alert(1)</script>", "<img src=x onerror=y>", "&#60;script>", "[a](javascript:x)",
    "[a](&#106;avascript:x)", "[a](data:text/html,x)", "![a](http://evil/a.png)", "<http://evil>",
    "[a]: http://evil", "`<i>`", "``<i>`", "\\", "\\`<i>", "**a** _b_ *c*", "\x02wzxhzdk:0\x03",
    "[a](http://b\" onclick=\"c)", "# a", "```",
]  # fmt: skip


def body_of(text):
    return text.partition("<body>\n")[2].partition("\n</body>")[0]


def test_page():
    text = "\n\n".join([
        "# A & B", "See [there](https://example.org/x), `a < b`, **now**.", "## One",
        table(["Name", "n"], [["`a`", "1"], ["b|c", "100"]]), "- first\n- second",
        "![Two dots](figures/dots.svg)", code_block("x < y & z"),
    ])  # fmt: skip
    page = Page(to_html(text, {"figures/dots.svg": SVG}))
    assert page.rows == [["Name", "n"], ["a", "1"], ["b|c", "100"]]
    assert ("a", "href", "https://example.org/x") in page.attributes
    assert ("a", "href", "#one") in page.attributes  # the contents
    assert ("svg", "aria-label", "Two dots") in page.attributes
    assert "x < y & z\n" in page.words
    assert "<strong>now</strong>" in to_html(text)


@pytest.mark.parametrize("text", EVIL)
def test_text_of_strangers_is_shown_as_it_is(text):
    blocks = [f"It is {escape(text)}.", f"It is {code(text)}.", code_block(text)]
    blocks.append(table(["a", "b"], [[escape(text), "1"]]))
    page = to_html("\n\n".join(["# T", *blocks]))
    assert set(re.findall(r"<(\w+)", body_of(page))) <= {
        "h1", "p", "code", "pre", "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    if text.isprintable() and "&" not in text:
        assert "".join(Page(page).words).count(text) == 4


@pytest.mark.parametrize("text", EVIL)
def test_markdown_of_strangers_does_no_harm(text):
    page = Page(to_html(f"# T\n\n{text}"))
    assert not {tag for tag, *_ in page.attributes} & {"script", "img"}
    names = {name for _, name, _ in page.attributes}
    assert not names & {"src", "onerror", "onclick"}
    links = [value for _, name, value in page.attributes if name == "href"]
    assert all(link.startswith(("http://", "#")) for link in links)


def test_code_with_fences_stays_code():
    assert code_block("```\n# no title\n```").count("````") == 2


def test_pictures_on_one_page_share_no_names():
    svg = '<svg><clipPath id="c"/><g clip-path="url(#c)"><use xlink:href="#c"/></g></svg>'
    readied = inline_svg(svg, "one", 'a "b"')
    assert set(re.findall(r"(?:id=\"|#)([\w-]+)", readied)) == {"one-c"}
    assert 'aria-label="a &quot;b&quot;"' in readied


def test_rows_of_a_table_have_as_many_cells():
    with pytest.raises(ValueError, match="argument 2"):
        table(["a", "b"], [["1"]])
