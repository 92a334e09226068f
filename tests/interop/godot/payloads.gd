# The packets both sides can make from a seed, so that only the seed travels. Same numbers as payloads.py.
extends RefCounted


# The first `size` bytes of a 32-bit congruential sequence that starts after `seed`, words in little-endian order;
# or text with a line for each word; or zeros.
static func make(seed: int, size: int, kind := "noise") -> PackedByteArray:
	if kind == "zeros":
		var zeros := PackedByteArray()
		zeros.resize(size)
		return zeros
	var lines := PackedStringArray()
	var words := PackedInt32Array()
	words.resize((size + 3) >> 2)
	var word := seed & 0xFFFFFFFF
	for index in words.size():
		word = (word * 1664525 + 1013904223) & 0xFFFFFFFF
		words[index] = word
		if kind == "text":
			lines.append("unit %d moved\n" % (word >> 16))
	if kind == "text":
		return "".join(lines).to_ascii_buffer().slice(0, size)
	return words.to_byte_array().slice(0, size)


static func digest(data: PackedByteArray) -> String:
	var context := HashingContext.new()
	context.start(HashingContext.HASH_SHA256)
	if not data.is_empty():  # update() refuses an empty array
		context.update(data)
	return context.finish().hex_encode()
