"""What people say was done where nobody's computer saw it: letters, cards, signatures on paper.

``counting`` says which reports count and moves their numbers in and out of the tally, ``decisions`` is what the desk does,
``queue`` how it sees them, ``hosted`` what hosts tell of their events.
"""
