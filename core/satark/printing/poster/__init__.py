"""The QR code for the wall: its target (`target`), the code as an image (`qr_code`), the poster to print (`poster`)."""
