"""Every speed claim, beside a peer: `make bench`."""
