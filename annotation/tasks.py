"""Work done behind the scenes."""
