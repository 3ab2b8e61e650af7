"""Makes the poster with the QR code: `target` has the code's target and its image, `poster` the page to print."""
