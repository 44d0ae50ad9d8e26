"""What all functions share."""

GREETING = "hello"
