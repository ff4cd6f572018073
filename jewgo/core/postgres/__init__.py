"""Django's PostgreSQL backend, which asks the socket whether a kept connection stands before it asks the server."""
