"""Files that researchers read. Pure: numpy, nibabel and the geometry; knows no Django."""
