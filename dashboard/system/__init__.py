"""The system's pages: what the doctor finds, versions, disks and stores, and the audit trail."""
