"""The compiled helper itself: how it is found, what misuse does to it, and threads."""
