"""The QR code for the wall: its target (`target`), with the code as an image, the poster to print (`poster`)."""
