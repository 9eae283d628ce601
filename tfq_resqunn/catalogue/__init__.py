"""The named circuits as a list to look at: counts, drawings, descriptors, and what they say."""

from tfq_resqunn.catalogue.entries import Entry, entries, with_descriptors
from tfq_resqunn.catalogue.listing import tables, to_details, to_markdown, to_page, to_text

__all__ = [
    "Entry", "entries", "with_descriptors", "tables",
    "to_details", "to_markdown", "to_page", "to_text",
]  # fmt: skip
