"""Circuits as JSON. The reader takes files of strangers, and runs nothing that is in them."""
