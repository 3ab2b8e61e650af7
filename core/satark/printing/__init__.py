"""Makes what is printed: sheets (`sheet`), receipts (`receipt_picture`) and posters (`poster`), with their `fonts`."""
