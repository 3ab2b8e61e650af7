"""What is printed: the fonts (`fonts`), and the poster with the QR code (`poster`)."""
