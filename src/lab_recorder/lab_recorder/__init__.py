"""The black box of a cell: the last seconds of everything, failed picks as cases, their replay."""
