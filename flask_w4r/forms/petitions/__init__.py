"""What a supporter fills in to sign, and the desk's form of conditions for an invalidation."""
