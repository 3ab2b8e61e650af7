"""Makes printed documents: sheets (`sheet`), receipts (`receipt_picture`), posters (`poster`), their `fonts`."""
