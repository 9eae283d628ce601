"""The sections of a report, each from the results to paragraphs, tables and pictures."""
