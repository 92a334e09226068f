"""OKHSL: hue, saturation and lightness as eyes see them.

By Björn Ottosson's definition of Oklab and Okhsl; the numbers are his, and the names: ``a`` and ``b`` are the direction
of a hue in Oklab, a cusp is its most saturated colour, the toe bends lightness so that 0.5 looks half as light.
"""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["from_ok_hsl", "linear", "nonlinear", "to_ok_hsl"]

_Triple = tuple[float, float, float]

_TO_LMS: tuple[_Triple, ...] = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB: tuple[_Triple, ...] = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_FROM_LAB: tuple[_Triple, ...] = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_FROM_LMS: tuple[_Triple, ...] = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
# The component that leaves the gamut first: when (a, b) lies beyond these lines red, else green, else blue; and a
# polynomial in a and b for the saturation at which it does.
_LIMITS: tuple[tuple[tuple[float, float], tuple[float, ...]], ...] = (
    ((-1.88170328, -0.80936493), (1.19086277, 1.76576728, 0.59662641, 0.75515197, 0.56771245)),
    ((1.81444104, -1.19445276), (0.73956515, -0.45954404, 0.08285427, 0.12541070, 0.14503204)),
    ((0.0, 0.0), (1.35733652, -0.00915799, -1.15130210, -0.50559606, 0.00692167)),
)
_TOE_1, _TOE_2 = 0.206, 0.03
_TOE_3 = (1.0 + _TOE_1) / (1.0 + _TOE_2)
_TINY = 1e-6
"""What is as good as no chroma, black or white."""
_MIDDLE = 0.8
"""The saturation up to which the chroma follows a first curve; beyond it, a second one."""


def linear(component: float) -> float:
    """A component of sRGB as an amount of light."""
    return component / 12.92 if component < 0.04045 else ((component + 0.055) / 1.055) ** 2.4


def nonlinear(light: float) -> float:
    """The reverse of :func:`linear`."""
    return light * 12.92 if light < 0.0031308 else 1.055 * light ** (1.0 / 2.4) - 0.055


def _times(matrix: tuple[_Triple, ...], vector: _Triple) -> _Triple:
    x, y, z = (sum(map(float.__mul__, row, vector)) for row in matrix)
    return x, y, z


def _cube_root(number: float) -> float:
    return math.copysign(abs(number) ** (1.0 / 3.0), number)


def _to_lab(rgb: _Triple) -> _Triple:
    x, y, z = map(_cube_root, _times(_TO_LMS, rgb))
    return _times(_TO_LAB, (x, y, z))


def _from_lab(lab: _Triple) -> _Triple:
    x, y, z = _times(_FROM_LAB, lab)
    return _times(_FROM_LMS, (x**3, y**3, z**3))


def _halley(value: float, first: float, second: float) -> float:
    """How far to step towards a root, from a function's value and its derivatives."""
    return -value * first / (first * first - 0.5 * value * second)


class _Cusp(NamedTuple):
    lightness: float
    chroma: float


def _cusp(a: float, b: float) -> _Cusp:
    beyond = (per_a * a + per_b * b > 1.0 for (per_a, per_b), _ in _LIMITS)
    first = next((index for index, is_beyond in enumerate(beyond) if is_beyond), len(_LIMITS) - 1)
    k0, k1, k2, k3, k4 = _LIMITS[first][1]
    saturation = k0 + k1 * a + k2 * b + k3 * a * a + k4 * a * b
    slopes = [row[1] * a + row[2] * b for row in _FROM_LAB]
    roots = [1.0 + saturation * slope for slope in slopes]
    weights = _FROM_LMS[first]
    saturation += _halley(
        sum(w * root**3 for w, root in zip(weights, roots, strict=True)),
        sum(w * 3.0 * slope * root**2 for w, slope, root in zip(weights, slopes, roots, strict=True)),
        sum(w * 6.0 * slope**2 * root for w, slope, root in zip(weights, slopes, roots, strict=True)),
    )
    lightness = _cube_root(1.0 / max(_from_lab((1.0, saturation * a, saturation * b))))
    return _Cusp(lightness, lightness * saturation)


def _greatest_chroma(a: float, b: float, lightness: float, cusp: _Cusp) -> float:
    """Where the gamut ends: on the triangle under the cusp; above it, a step on towards its bent side."""
    if lightness <= cusp.lightness:
        return cusp.chroma * lightness / cusp.lightness
    chroma = cusp.chroma * (lightness - 1.0) / (cusp.lightness - 1.0)
    slopes = [row[1] * a + row[2] * b for row in _FROM_LAB]
    roots = [lightness + chroma * slope for slope in slopes]
    steps = []
    for weights in _FROM_LMS:
        value = sum(w * root**3 for w, root in zip(weights, roots, strict=True)) - 1.0
        first = sum(w * 3.0 * slope * root**2 for w, slope, root in zip(weights, slopes, roots, strict=True))
        second = sum(w * 6.0 * slope**2 * root for w, slope, root in zip(weights, slopes, roots, strict=True))
        if first / (first * first - 0.5 * value * second) >= 0.0:
            steps.append(_halley(value, first, second))
    return chroma + min(steps, default=0.0)


def _chromas(a: float, b: float, lightness: float) -> _Triple:
    """The chroma near grey, at the middle saturation and at the greatest."""
    cusp = _cusp(a, b)
    most = _greatest_chroma(a, b, lightness, cusp)
    dark, light = cusp.chroma / cusp.lightness, cusp.chroma / (1.0 - cusp.lightness)
    fullness = most / min(lightness * dark, (1.0 - lightness) * light)
    # a smooth shape that is the same for all hues, near enough
    dark = 0.11516993 + 1.0 / (
        7.44778970
        + 4.15901240 * b
        + a
        * (
            -2.19557347
            + 1.75198401 * b
            + a * (-2.13704948 - 10.02301043 * b + a * (-4.24894561 + 5.38770819 * b + 4.69891013 * a))
        )
    )
    light = 0.11239642 + 1.0 / (
        1.61320320
        - 0.68124379 * b
        + a
        * (
            0.40370612
            + 0.90148123 * b
            + a * (-0.27087943 + 0.61223990 * b + a * (0.00299215 - 0.45399568 * b - 0.14661872 * a))
        )
    )
    middle = 0.9 * fullness * _soft_minimum(lightness * dark, (1.0 - lightness) * light, 4)
    return _soft_minimum(lightness * 0.4, (1.0 - lightness) * 0.8, 2), middle, most


def _soft_minimum(a: float, b: float, power: int) -> float:
    return float(a * b / (a**power + b**power) ** (1.0 / power))


def _curves(a: float, b: float, lightness: float) -> tuple[_Triple, _Triple]:
    """Of both curves: the chroma where it begins, the slope there, and how much it bends."""
    least, middle, most = _chromas(a, b, lightness)
    slope = _MIDDLE * least
    steeper = (1.0 - _MIDDLE) * (middle / _MIDDLE) ** 2 / least
    return (0.0, slope, 1.0 - slope / middle), (middle, steeper, 1.0 - steeper / (most - middle))


def from_ok_hsl(hue: float, saturation: float, lightness: float) -> _Triple:
    """Red, green and blue of sRGB."""
    if not _TINY < lightness < 1.0 - _TINY:
        grey = float(lightness > 0.5)
        return grey, grey, grey
    a, b = math.cos(math.tau * hue), math.sin(math.tau * hue)
    bright = (lightness * lightness + _TOE_1 * lightness) / (_TOE_3 * (lightness + _TOE_2))
    first, second = _curves(a, b, bright)
    if saturation < _MIDDLE:
        (begin, slope, bend), way = first, saturation / _MIDDLE
    else:
        (begin, slope, bend), way = second, (saturation - _MIDDLE) / (1.0 - _MIDDLE)
    chroma = begin + way * slope / (1.0 - bend * way)
    red, green, blue = map(nonlinear, _from_lab((bright, chroma * a, chroma * b)))
    return red, green, blue


def to_ok_hsl(red: float, green: float, blue: float) -> _Triple:
    """Hue, saturation and lightness of a colour of sRGB; a grey has no saturation, and any hue."""
    bright, a, b = _to_lab((linear(red), linear(green), linear(blue)))
    chroma = math.hypot(a, b)
    bent = _TOE_3 * bright - _TOE_1
    lightness = 0.5 * (bent + math.sqrt(bent * bent + 4.0 * _TOE_2 * _TOE_3 * bright))
    if chroma < _TINY or not _TINY < bright < 1.0 - _TINY:
        return 0.0, 0.0, lightness
    first, second = _curves(a / chroma, b / chroma, bright)
    if chroma < second[0]:
        _, slope, bend = first
        saturation = _MIDDLE * chroma / (slope + bend * chroma)
    else:
        middle, slope, bend = second
        more = chroma - middle
        saturation = _MIDDLE + (1.0 - _MIDDLE) * more / (slope + bend * more)
    return 0.5 + 0.5 * math.atan2(-b, -a) / math.pi, saturation, lightness
