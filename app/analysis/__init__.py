"""From a trace's arrays to the arrays a picture shows: numpy in, numpy out, one idea per module."""
