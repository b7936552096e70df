"""One module or folder for each vendor whose API is played."""
