"""What the commands print, one file each, with ordinary imports: read only when it is shown."""
