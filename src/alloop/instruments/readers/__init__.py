"""Files of instruments, recognised by their content."""
