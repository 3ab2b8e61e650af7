"""The queues of the desks on a real broker."""
