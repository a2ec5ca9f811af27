"""3CX: the exceptions of each extension, as the Configuration API takes them."""
