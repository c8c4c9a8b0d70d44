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
    if nodes == 0:
        return np.zeros(0, np.int32)
    attraction = np.zeros((nodes, nodes), np.float32)
    linked = np.zeros((nodes, nodes), np.bool_)
    attraction[edges[:, 0], edges[:, 1]] = attraction[edges[:, 1], edges[:, 0]] = weights
    linked[edges[:, 0], edges[:, 1]] = linked[edges[:, 1], edges[:, 0]] = True
    root = np.arange(nodes)
    _contract(attraction, linked, root)
    while not np.array_equal(root, root[root]):
        root = root[root]
    _, first, cluster = np.unique(root, return_index=True, return_inverse=True)
    order = np.empty(len(first), np.int32)
    order[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    result: IntArray = order[cluster].astype(np.int32)
    return result


@compiled
def _contract(
    attraction: npt.NDArray[np.float32], linked: npt.NDArray[np.bool_], root: npt.NDArray[np.int64]
) -> None:
    nodes = len(root)
    best = np.full(nodes, -1, np.int64)
    for i in range(nodes):
        best[i] = _most_attractive(attraction, linked, i)
    while True:
        keep = -1
        highest = np.float32(0.0)
        for i in range(nodes):
            if best[i] >= 0 and attraction[i, best[i]] > highest:
                highest = attraction[i, best[i]]
                keep = i
        if keep < 0:
            return
        gone = best[keep]
        root[gone] = keep
        linked[keep, gone] = linked[gone, keep] = False
        for k in range(nodes):
            if not linked[gone, k]:
                continue
            linked[gone, k] = linked[k, gone] = False
            linked[keep, k] = linked[k, keep] = True
            attraction[keep, k] += attraction[gone, k]
            attraction[k, keep] = attraction[keep, k]
        best[gone] = -1
        best[keep] = _most_attractive(attraction, linked, keep)
        for k in range(nodes):
            if linked[keep, k]:
                if best[k] == gone or best[k] == keep:
                    best[k] = _most_attractive(attraction, linked, k)
                elif attraction[k, keep] > (attraction[k, best[k]] if best[k] >= 0 else 0.0):
                    best[k] = keep
            elif best[k] == gone:
                best[k] = _most_attractive(attraction, linked, k)


@compiled
def _most_attractive(attraction: npt.NDArray[np.float32], linked: npt.NDArray[np.bool_], i: int) -> int:
    best = -1
    highest = np.float32(0.0)
    for k in range(linked.shape[0]):
        if linked[i, k] and attraction[i, k] > highest:
            highest = attraction[i, k]
            best = k
    return best
