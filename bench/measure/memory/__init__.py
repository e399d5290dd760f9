"""Peak memory of a case, on the host and on a device."""
