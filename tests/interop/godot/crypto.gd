# A remote-controlled Godot for test_crypto.py: beside the commands of peer.gd it has keys and certificates by name.
# Bytes travel as hexadecimal text.
extends "peer.gd"

var _crypto := Crypto.new()
var _keys: Dictionary[String, CryptoKey] = {}
var _certificates: Dictionary[String, X509Certificate] = {}


func _execute(command: Dictionary) -> Variant:
	if has_method("do_" + command.do):
		return call("do_" + command.do, command)
	return super(command)


func do_load_key(a: Dictionary) -> int:
	_keys[a.name] = CryptoKey.new()
	if a.has("path"):
		return _keys[a.name].load(a.path, a.public_only)
	return _keys[a.name].load_from_string(a.text, a.public_only)


func do_key_text(a: Dictionary) -> String:
	return _keys[a.name].save_to_string(a.public_only)


func do_save_key(a: Dictionary) -> int:
	return _keys[a.name].save(a.path, a.public_only)


func do_generate_rsa(a: Dictionary) -> bool:
	_keys[a.name] = _crypto.generate_rsa(int(a.size))
	return _keys[a.name] != null


func do_load_certificate(a: Dictionary) -> int:
	_certificates[a.name] = X509Certificate.new()
	if a.has("path"):
		return _certificates[a.name].load(a.path)
	return _certificates[a.name].load_from_string(a.text)


func do_certificate_text(a: Dictionary) -> String:
	return _certificates[a.name].save_to_string()


func do_save_certificate(a: Dictionary) -> int:
	return _certificates[a.name].save(a.path)


func do_generate_certificate(a: Dictionary) -> void:
	_certificates[a.name] = _crypto.generate_self_signed_certificate(
		_keys[a.key], a.issuer_name, a.not_before, a.not_after
	)


func do_sign(a: Dictionary) -> String:
	return _crypto.sign(int(a.hash_type), _bytes(a.hash), _keys[a.key]).hex_encode()


func do_verify(a: Dictionary) -> bool:
	return _crypto.verify(int(a.hash_type), _bytes(a.hash), _bytes(a.signature), _keys[a.key])


func do_encrypt(a: Dictionary) -> String:
	return _crypto.encrypt(_keys[a.key], _bytes(a.text)).hex_encode()


func do_decrypt(a: Dictionary) -> String:
	return _crypto.decrypt(_keys[a.key], _bytes(a.text)).hex_encode()


func do_hmac(a: Dictionary) -> String:
	return _crypto.hmac_digest(int(a.hash_type), _bytes(a.key), _bytes(a.msg)).hex_encode()


# What the calls of a context return, one after the other.
func do_context(a: Dictionary) -> Array:
	var context: RefCounted = HMACContext.new() if a.keyed else HashingContext.new()
	var results := []
	for step: Array in a.steps:
		match step[0]:
			"start":
				var type := int(step[1])
				results.append(context.start(type, _bytes(step[2])) if a.keyed else context.start(type))
			"update":
				results.append(context.update(_bytes(step[1])))
			"finish":
				results.append(context.finish().hex_encode())
	return results


func _bytes(text: String) -> PackedByteArray:
	return text.hex_decode()
