"""The permanent record in SQL: captures, jobs, events, tasks, audit. SQLite by default, PostgreSQL by URL."""
