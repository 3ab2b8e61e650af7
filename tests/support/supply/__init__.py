"""What Satark is built of: the locked packages, their licences and known flaws, and the list of them."""
