"""What is known of whoever asks: addresses and what counts as one mailbox, networks as hashes, links in mails, consents.

``permissions`` says what staff may do; ``rotation`` seals everything under a new key. No table joins a person's acts: who
needs a person recomputes a blind index (``keyring``) for one case or event.
"""
