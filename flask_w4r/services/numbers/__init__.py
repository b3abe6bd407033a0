"""Numbers for people: what came of a campaign, for whoever runs it and for their board. It has no tables of its own."""
