"""The named circuits as a list to look at: counts, drawings, descriptors, and what they say."""

from tfq_resqunn.catalogue.entries import Entry, entries, with_descriptors
from tfq_resqunn.catalogue.gallery import to_gallery, to_summary
from tfq_resqunn.catalogue.tables import tables
from tfq_resqunn.catalogue.text import to_details, to_text

__all__ = [
    "Entry",
    "entries",
    "tables",
    "to_details",
    "to_gallery",
    "to_summary",
    "to_text",
    "with_descriptors",
]
