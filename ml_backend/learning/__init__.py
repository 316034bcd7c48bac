"""Learning from masks: pure numpy and torch; knows no Django."""
