"""RabbitMQ carrier and sink: sealed tips to remote offices, and their answers back, over a broker that sees no content.

Start with `plugin` (hooks), then `sink` (publishing, consuming answers), `connection` (one AMQP connection) and
`topology` (names and arguments of exchanges and queues).
"""
