"""The queues of the police desks, their officers, and the desk that they work at."""
