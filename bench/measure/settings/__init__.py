"""What a process is set to: read it, tell what a case changed, and keep each case's settings to itself."""
