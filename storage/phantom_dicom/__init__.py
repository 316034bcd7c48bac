"""Phantoms as a hospital would send them: DICOM studies with headers full of a person who never lived, and the truth beside them."""
