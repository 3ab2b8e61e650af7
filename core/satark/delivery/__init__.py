"""Delivery: tips to sinks, with retries, circuit breakers and dead letters. Start with `worker`."""
