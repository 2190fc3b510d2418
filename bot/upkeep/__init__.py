"""How well typed words are understood, what the cuts should be, and which examples to look at: for leads and authors.

Nothing here runs in a conversation. `messages` reads what is measured with, `trial` routes it, `figures` counts,
`calibration` works out the cuts, `suggestions` goes through the examples.
"""
