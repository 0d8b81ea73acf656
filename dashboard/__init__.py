"""The dashboard (gateway): pages that show every job live, in plain words, and let a person retry one.

Flow: `app` (routes) asks `repository` and `pictures` over HTTP, `jobs`, `job_page` and `health` turn answers into what
a person reads, `pages` draws it, and `live` sends what changed to every open page.
"""
