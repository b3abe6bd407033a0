"""Keys from a program of yours. A list of words, or text."""

W4R_KEY_COMMAND = ["/usr/local/bin/our-vault", "read", "w4r"]
