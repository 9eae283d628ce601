"""The named circuits as a list to look at: counts, drawings, descriptors, and what they say."""

from tfq_resqunn.catalogue.entries import Entry as Entry
from tfq_resqunn.catalogue.entries import entries as entries
from tfq_resqunn.catalogue.entries import with_descriptors as with_descriptors
from tfq_resqunn.catalogue.listing import tables as tables
from tfq_resqunn.catalogue.listing import to_details as to_details
from tfq_resqunn.catalogue.listing import to_markdown as to_markdown
from tfq_resqunn.catalogue.listing import to_page as to_page
from tfq_resqunn.catalogue.listing import to_text as to_text
