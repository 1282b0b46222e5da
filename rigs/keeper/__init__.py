"""Changes a charge point that is somebody's, and puts everything back, after a kill too."""
