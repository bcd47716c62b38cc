"""What the commands print, one file each."""
