"""Pure mathematics of labelling: patches of labelmaps, numbering, measurements. numpy and nothing else of ours."""
