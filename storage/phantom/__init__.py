"""A synthetic spine with known masks, levels and angles. Pure: numpy and scipy; knows no Django and no DICOM."""
