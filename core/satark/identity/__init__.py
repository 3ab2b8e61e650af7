"""Identity: pseudonyms, tip keys and receipts. Only this package sees an address or makes a key."""
