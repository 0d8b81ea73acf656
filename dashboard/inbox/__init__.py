"""The failure inbox: what needs somebody, in words that help, each with the button that mends it.

Flow: `routes` asks `reading` for the groups of `/api/v2/failures` and for what is being mended, `causes` says each code
in a person's words, `mending` carries out what a button asks for, and `rules` puts a task's rule right.
"""
