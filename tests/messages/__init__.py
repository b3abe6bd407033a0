"""Words of solidarity to the person at risk."""
