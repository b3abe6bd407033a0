"""Words of solidarity to the person at risk: written, read by the desk, printed as cards. No authority gets anything of them."""
