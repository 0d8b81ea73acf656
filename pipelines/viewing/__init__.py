"""Images for people's eyes: planes, masks and measured objects of a job, decoded apart from every service.

`routes` answers `/api/v2/jobs/{id}/planes…`, `sources` finds the files, `decoder` has them read by child processes
(`process`), so that a damaged or huge image can neither stop nor fill the process that all services share.
"""
