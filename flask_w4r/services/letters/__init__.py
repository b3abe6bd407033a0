"""Letters: what stands on a sheet, its code and stamp, and the papers that are made of it.

Nothing here reads what is meant for the person at risk: an authority's sheet is made of the case's targets and the texts of
``letter`` alone.
"""
