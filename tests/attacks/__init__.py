"""What a remote can make an engine do: bytes in, operations out."""
