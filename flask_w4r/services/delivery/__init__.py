"""Signatures handed over to whom they are for: each at most once, and none lost.

``claim`` takes a case's signatures for a delivery and gives them back; ``freeze`` numbers them and makes the Merkle tree;
``names`` reads them again as they were frozen; ``files`` writes what is handed over; ``hand_over`` says that it was;
``receipts`` mails its proof to each signer.
"""
