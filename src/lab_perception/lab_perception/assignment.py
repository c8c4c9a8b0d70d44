"""The cheapest assignment of rows to columns, without SciPy's solvers: they take 35 MB of a node.

Source: D. F. Crouse, "On implementing 2D rectangular assignment algorithms", 2016 (shortest augmenting
paths). Equal costs are decided as SciPy's `linear_sum_assignment` decides them.
"""

from __future__ import annotations

import math

from lab_core.geometry import FloatArray


def assign(cost: FloatArray) -> list[tuple[int, int]]:
    """Pairs of row and column, min(R, C) of them, whose finite costs (R, C) have the least sum; by row."""
    rows, columns = cost.shape
    if columns < rows:
        return sorted((row, column) for column, row in assign(cost.T))
    costs: list[list[float]] = cost.tolist()
    row_price, column_price = [0.0] * rows, [0.0] * columns
    column_of, row_of = [-1] * rows, [-1] * columns
    for start in range(rows):
        # The cheapest path to a free column, over rows that give theirs away.
        length, row, column = 0.0, start, -1
        distance, before = [math.inf] * columns, [-1] * columns
        left, reached, passed = list(range(columns - 1, -1, -1)), [], []
        while column < 0 or row_of[column] >= 0:
            row = start if column < 0 else row_of[column]
            reached.append(row)
            nearest, lowest = -1, math.inf
            for index, j in enumerate(left):
                through = length + costs[row][j] - row_price[row] - column_price[j]
                if through < distance[j]:
                    distance[j], before[j] = through, row
                if distance[j] < lowest or (distance[j] == lowest and row_of[j] < 0):
                    nearest, lowest = index, distance[j]
            length, column = lowest, left[nearest]
            passed.append(column)
            left[nearest] = left[-1]
            left.pop()
        row_price[start] += length
        for row in reached[1:]:
            row_price[row] += length - distance[column_of[row]]
        for j in passed:
            column_price[j] -= length - distance[j]
        row = -1
        while row != start:
            row = before[column]
            row_of[column] = row
            column_of[row], column = column, column_of[row]
    return list(enumerate(column_of))
