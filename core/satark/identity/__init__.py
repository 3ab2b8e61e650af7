"""Identity: pseudonyms, tip keys and receipts. The only package that sees an address or makes a key."""
