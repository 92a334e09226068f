"""Ways to drive a host: inside the caller's ``service``, or with a network thread that never sleeps through it."""
