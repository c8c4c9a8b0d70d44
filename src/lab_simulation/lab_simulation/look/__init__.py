"""The real look: what a colour and a stereo camera would make of the simulated world."""
