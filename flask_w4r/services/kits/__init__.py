"""Case kits: what a section receives from the centre, imports and adapts. Read whole, judged whole, merged field by field."""
