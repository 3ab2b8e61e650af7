"""The QR code on the wall: where it leads, as a picture, and as a poster to print."""
