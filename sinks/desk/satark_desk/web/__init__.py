"""The officers' desk: pages that work without JavaScript, in Hindi and English, from a phone to a wide screen."""
