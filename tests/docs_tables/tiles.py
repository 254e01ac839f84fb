"""How much tiles compute, by their sizes and the picture's, as Markdown."""

from math import prod

from docs_tables.results import markdown
from mobile_runtime.model_file.model import Size
from mobile_runtime.upscaling.tiling import plan_tiles

PICTURES: tuple[Size, ...] = ((480, 640), (800, 1200), (1080, 1920), (3000, 4000))
"""Heights and widths."""

SIDES = ((128,), (192,), (256,), (128, 256), (192, 256))
"""Of the square tiles that a file takes, one or two sizes."""

HALOS = (10, 14, 17)
"""For 8 bits of the bundled weights, the least and the most, and the exact one of SCNet-T."""


def work_table() -> str:
    """Write the pixels computed per pixel of the picture, and the number of tiles."""
    rows = [
        [str(halo), " and ".join(map(str, sides)), *(_work(halo, sides, size) for size in PICTURES)]
        for halo in HALOS
        for sides in SIDES
    ]
    names = [f"{width}x{height}" for height, width in PICTURES]
    return markdown(["halo", "tiles", *names], rows)


def _work(halo: int, sides: tuple[int, ...], picture: Size) -> str:
    tiles = plan_tiles(*picture, halo=halo, sizes=tuple((side, side) for side in sides))
    computed = sum(prod(tile.size) for tile in tiles)
    return f"{computed / prod(picture):.2f} ({len(tiles)})"
