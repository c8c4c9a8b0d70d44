"""Rigid transforms as seven floats: the arithmetic of the buffer, without arrays.

A lookup composes a handful of transforms. Plain floats do that several times faster than arrays of four
elements, whose cost is the call and not the arithmetic.
"""

from __future__ import annotations

from math import acos, sin, sqrt

Rigid = tuple[float, float, float, float, float, float, float]
"""x, y, z in metres, then the unit quaternion qx, qy, qz, qw."""

IDENTITY: Rigid = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def compose(a: Rigid, b: Rigid) -> Rigid:
    """The transform that applies b first and then a."""
    ax, ay, az, ai, aj, ak, aw = a
    bx, by, bz, bi, bj, bk, bw = b
    # Rotation of a vector by a unit quaternion: v + w t + u x t with t = 2 u x v.
    tx = 2.0 * (aj * bz - ak * by)
    ty = 2.0 * (ak * bx - ai * bz)
    tz = 2.0 * (ai * by - aj * bx)
    return (
        ax + bx + aw * tx + aj * tz - ak * ty,
        ay + by + aw * ty + ak * tx - ai * tz,
        az + bz + aw * tz + ai * ty - aj * tx,
        aw * bi + ai * bw + aj * bk - ak * bj,
        aw * bj - ai * bk + aj * bw + ak * bi,
        aw * bk + ai * bj - aj * bi + ak * bw,
        aw * bw - ai * bi - aj * bj - ak * bk,
    )


def inverse(a: Rigid) -> Rigid:
    """The transform that undoes a."""
    x, y, z, i, j, k, w = a
    rotation = (0.0, 0.0, 0.0, -i, -j, -k, w)
    back = compose(rotation, (-x, -y, -z, 0.0, 0.0, 0.0, 1.0))
    return (back[0], back[1], back[2], -i, -j, -k, w)


def canonical(a: Rigid) -> Rigid:
    """The same transform with its quaternion normalised and its sign fixed.

    Of the two quaternions of a rotation tf2 answers with the one that a rotation matrix gives: w positive
    where w² > 1/4, otherwise the largest of the other three positive.
    """
    x, y, z, i, j, k, w = a
    scale = 1.0 / sqrt(i * i + j * j + k * k + w * w)
    leading = w if 4.0 * (w * scale) ** 2 > 1.0 else max(i, j, k, key=abs)
    if leading < 0.0:
        scale = -scale
    return (x, y, z, i * scale, j * scale, k * scale, w * scale)


def interpolate(a: Rigid, b: Rigid, ratio: float) -> Rigid:
    """Between a (ratio 0) and b (ratio 1): straight in translation, slerp along the shorter arc in rotation.

    Source: K. Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.
    """
    ax, ay, az, ai, aj, ak, aw = a
    bx, by, bz, bi, bj, bk, bw = b
    cosine = ai * bi + aj * bj + ak * bk + aw * bw
    angle = acos(min(1.0, abs(cosine)))
    if angle == 0.0:
        first, second = 1.0, 0.0
    else:
        first = sin((1.0 - ratio) * angle) / sin(angle)
        second = sin(ratio * angle) / sin(angle)
        if cosine < 0.0:
            second = -second
    return (
        ax + (bx - ax) * ratio,
        ay + (by - ay) * ratio,
        az + (bz - az) * ratio,
        ai * first + bi * second,
        aj * first + bj * second,
        ak * first + bk * second,
        aw * first + bw * second,
    )
