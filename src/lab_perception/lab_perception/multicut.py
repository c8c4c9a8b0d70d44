"""Which regions belong together, when evidence for and against is given between neighbours.

The correlation clustering (multicut) of a graph with signed weights is NP-hard; contracting the most
attractive edge and adding parallel edges until none attracts comes within per cents of the optimum and needs
no number of clusters. Source: M. Keuper et al., "Efficient decomposition of image and mesh graphs by lifted
multicuts", 2015 (GAEC).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lab_core.compiled import compiled

IntArray = npt.NDArray[np.int32]


def contract(nodes: int, edges: npt.NDArray[np.integer], weights: npt.NDArray[np.floating]) -> IntArray:
    """Cluster of each node (nodes,), numbered 0, 1, 2 ... in the order of their first node.

    edges: (M, 2) pairs of nodes, each once. weights: (M,) log odds that the two belong together.
    """
    root = np.arange(nodes)
    if len(edges):
        _contract(root, np.asarray(edges, np.int64), np.asarray(weights, np.float32))
    while not np.array_equal(root, root[root]):
        root = root[root]
    _, first, cluster = np.unique(root, return_index=True, return_inverse=True)
    order = np.empty(len(first), np.int32)
    order[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    result: IntArray = order[cluster].astype(np.int32)
    return result


@compiled
def _contract(
    root: npt.NDArray[np.int64], edges: npt.NDArray[np.int64], weights: npt.NDArray[np.float32]
) -> None:
    """Sets the root of each node that was contracted into another one."""
    nodes = len(root)
    # the neighbours of node i, and how much it attracts each: [start[i], start[i] + size[i])
    size = np.zeros(nodes, np.int64)
    for e in range(len(edges)):
        size[edges[e, 0]] += 1
        size[edges[e, 1]] += 1
    room = size.copy()
    start = np.zeros(nodes, np.int64)
    for i in range(1, nodes):
        start[i] = start[i - 1] + room[i - 1]
    used = start[-1] + room[-1]
    neighbour = np.empty(4 * used, np.int64)
    attraction = np.empty(4 * used, np.float32)
    size[:] = 0
    for e in range(len(edges)):
        for side in range(2):
            i = edges[e, side]
            neighbour[start[i] + size[i]] = edges[e, 1 - side]
            attraction[start[i] + size[i]] = weights[e]
            size[i] += 1

    best = np.full(nodes, -1, np.int64)
    highest = np.zeros(nodes, np.float32)
    for i in range(nodes):
        best[i], highest[i] = _most_attractive(neighbour, attraction, start[i], start[i] + size[i])
    entry = np.full(nodes, -1, np.int64)
    while True:
        keep = -1
        top = np.float32(0.0)
        for i in range(nodes):
            if highest[i] > top:
                top = highest[i]
                keep = i
        if keep < 0:
            return
        gone = best[keep]
        root[gone] = keep
        if size[keep] + size[gone] > room[keep]:
            # to the end, with room to grow
            room[keep] = 2 * (size[keep] + size[gone])
            if used + room[keep] > len(neighbour):
                neighbour = np.append(neighbour, np.empty(len(neighbour) + room[keep], np.int64))
                attraction = np.append(attraction, np.empty(len(attraction) + room[keep], np.float32))
            for n in range(size[keep]):
                neighbour[used + n] = neighbour[start[keep] + n]
                attraction[used + n] = attraction[start[keep] + n]
            start[keep] = used
            used += room[keep]
        first, count = start[keep], size[keep]
        count = _without(neighbour, attraction, first, count, gone)
        for n in range(first, first + count):
            entry[neighbour[n]] = n
        for g in range(start[gone], start[gone] + size[gone]):
            k = neighbour[g]
            if k == keep:
                continue
            if entry[k] >= 0:
                attraction[entry[k]] += attraction[g]
                size[k] = _without(neighbour, attraction, start[k], size[k], gone)
                for n in range(start[k], start[k] + size[k]):
                    if neighbour[n] == keep:
                        attraction[n] = attraction[entry[k]]
            else:
                neighbour[first + count], attraction[first + count] = k, attraction[g]
                count += 1
                for n in range(start[k], start[k] + size[k]):
                    if neighbour[n] == gone:
                        neighbour[n] = keep
        size[keep], size[gone] = count, 0
        highest[gone] = 0.0
        best[keep], highest[keep] = _most_attractive(neighbour, attraction, first, first + count)
        for n in range(first, first + count):
            k = neighbour[n]
            entry[k] = -1
            if best[k] == gone or best[k] == keep:
                best[k], highest[k] = _most_attractive(neighbour, attraction, start[k], start[k] + size[k])
            elif attraction[n] > highest[k]:
                best[k], highest[k] = keep, attraction[n]


@compiled
def _without(
    neighbour: npt.NDArray[np.int64],
    attraction: npt.NDArray[np.float32],
    first: int,
    count: int,
    node: int,
) -> int:
    """Takes a node out of a list of neighbours, in which the last one takes its place; how many are left."""
    for n in range(first, first + count):
        if neighbour[n] == node:
            neighbour[n] = neighbour[first + count - 1]
            attraction[n] = attraction[first + count - 1]
            return count - 1
    return count


@compiled
def _most_attractive(
    neighbour: npt.NDArray[np.int64], attraction: npt.NDArray[np.float32], first: int, end: int
) -> tuple[int, np.float32]:
    """Of a list of neighbours the one that attracts most, of several that of least number, and how much; -1
    and 0 where none does.
    """
    best = -1
    highest = np.float32(0.0)
    for n in range(first, end):
        if attraction[n] > highest or (best >= 0 and attraction[n] == highest and neighbour[n] < best):
            best, highest = neighbour[n], attraction[n]
    return best, highest
