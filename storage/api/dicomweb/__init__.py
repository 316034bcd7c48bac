"""DICOMweb (PS3.18): the de-identified studies, for viewers and programs that others wrote."""
