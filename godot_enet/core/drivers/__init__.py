"""Drivers of a host: inside the caller's ``service``, with a network thread, or on an asyncio loop."""
