"""Scrubbers for documents: PDF, Office Open XML (`ooxml`), OpenDocument, plain text and contact cards (`vcard`)."""
