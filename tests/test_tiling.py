"""Tiles cover a picture exactly once, and their result is that of the whole picture."""

import tracemalloc
from dataclasses import dataclass, field

import numpy as np
import pytest

from mobile_runtime.errors import ImageError, ModelLoadError
from mobile_runtime.imaging.pictures import to_image, to_pixels
from mobile_runtime.upscaling.tiling import DEFAULT_TILE, plan_tiles
from mobile_runtime.upscaling.upscale import upscale_image, upscale_pixels


@dataclass(frozen=True)
class Promise:
    """The part of `manifest.Model` that tiles go by."""

    scale: int
    halo: int
    sizes: tuple | None = None
    halo_8bit: int | None = None


@dataclass
class Network:
    """A stand-in for a model file: `reach` 3x3 convolutions with zeros around, and an upsampling.

    The bias makes a zero outside differ from a pixel inside, as in a real network.
    """

    model: Promise
    reach: int
    engine: str = "numpy"
    ran: list = field(default_factory=list)

    def run(self, image):
        size = image.shape[2:]
        assert image.dtype == np.float32
        assert self.model.sizes is None or size in self.model.sizes
        self.ran.append(size)
        weights = np.random.default_rng(3).uniform(-1, 1, (3, 3)).astype(np.float32)
        for _ in range(self.reach):
            framed = np.pad(image, ((0, 0), (0, 0), (1, 1), (1, 1)))
            image = np.float32(0.3) + sum(
                weights[y, x] * framed[:, :, y : y + size[0], x : x + size[1]]
                for y in range(3)
                for x in range(3)
            )
            image = np.tanh(np.abs(image))
        phase = np.linspace(0.8, 1, self.model.scale**2, dtype=np.float32)
        return np.kron(image, phase.reshape(self.model.scale, -1))


def open_network(scale=2, halo=3, sizes=None, reach=None):
    return Network(Promise(scale, halo, sizes), halo if reach is None else reach)


def make_image(height, width):
    pixels = np.random.default_rng(height * 1000 + width).random((1, 3, height, width))
    return pixels.astype(np.float32)


def random_cases(count):
    """(height, width, halo, tile height, tile width), tiles just large enough and larger."""
    random = np.random.default_rng(0)
    for _ in range(count):
        halo = int(random.integers(0, 5))
        height, width = (int(n) for n in random.integers(1, 50, 2))
        yield (height, width, halo, *(int(2 * halo + n) for n in random.integers(1, 12, 2)))


def plans(count):
    for height, width, halo, *size in random_cases(count):
        tiles = plan_tiles(height, width, halo=halo, side=size[0])
        yield height, width, halo, (size[0], size[0]), tiles
        tiles = plan_tiles(height, width, halo=halo, sizes=(tuple(size),))
        yield height, width, halo, tuple(size), tiles


def test_every_pixel_is_painted_exactly_once():
    for height, width, _, _, tiles in plans(300):
        painted = np.zeros((height, width), int)
        for tile in tiles:
            part = painted[tile.target(1)]
            assert part.shape == tuple(
                span.kept.stop - span.kept.start for span in (tile.rows, tile.columns)
            )
            part += 1
        assert (painted == 1).all()


def test_every_tile_holds_the_halo_or_ends_with_the_picture():
    for height, width, halo, _, tiles in plans(300):
        for tile in tiles:
            for span, length in ((tile.rows, height), (tile.columns, width)):
                assert 0 <= span.read.start <= max(span.kept.start - halo, 0)
                assert span.read.stop >= min(span.kept.stop + halo, length)


def test_no_tile_is_larger_than_allowed_and_fixed_ones_have_their_very_size():
    for height, width, halo, *size in random_cases(300):
        free = plan_tiles(height, width, halo=halo, side=size[0])
        assert all(max(tile.size) <= size[0] for tile in free)
        fixed = plan_tiles(height, width, halo=halo, sizes=(tuple(size),))
        assert all(tile.size == tuple(size) for tile in fixed)


def test_there_are_no_more_tiles_than_needed():
    def fewest(length, tile, halo):
        """The first and the last tile paint all but one halo, the others all but two."""
        return 1 if length <= tile else -(-(length - 2 * halo) // (tile - 2 * halo))

    for height, width, halo, size, tiles in plans(300):
        assert len(tiles) == fewest(height, size[0], halo) * fewest(width, size[1], halo)


def test_tiles_of_any_size_read_nothing_outside_the_picture_and_no_more_than_the_halo():
    for height, width, halo, *size in random_cases(300):
        for tile in plan_tiles(height, width, halo=halo, side=size[0]):
            for span, length in ((tile.rows, height), (tile.columns, width)):
                assert span.read.start == max(span.kept.start - halo, 0)
                assert span.read.stop == min(span.kept.stop + halo, length)


def test_small_pictures_go_whole():
    (tile,) = plan_tiles(DEFAULT_TILE, 7, halo=20)
    assert tile.size == (DEFAULT_TILE, 7)


@pytest.mark.parametrize(
    ("height", "width", "best"),
    [(32, 32, (32, 32)), (60, 60, (64, 64)), (10, 12, (16, 16)), (16, 300, (16, 128))],
)
def test_of_several_sizes_the_cheapest_is_taken(height, width, best):
    sizes = ((64, 64), (32, 32), (16, 16), (16, 128))
    tiles = plan_tiles(height, width, halo=4, sizes=sizes)
    assert {tile.size for tile in tiles} == {best}


@pytest.mark.parametrize("fixed", [False, True])
def test_a_tile_without_inside_is_refused_and_the_named_one_works(fixed):
    def plan(side, height, width):
        choice = {"sizes": ((side, side),)} if fixed else {"side": side}
        return plan_tiles(height, width, halo=8, **choice)

    with pytest.raises(ImageError, match="The smallest that works is 17"):
        plan(16, 40, 5)
    assert plan(17, 40, 5)
    with pytest.raises(ImageError, match="The smallest that works is 14"):
        plan(13, 14, 5)
    assert len(plan(14, 14, 5)) == 1


def test_sizes_too_small_for_the_halo_are_passed_over():
    tiles = plan_tiles(40, 40, halo=8, sizes=((16, 16), (32, 32)))
    assert {tile.size for tile in tiles} == {(32, 32)}


def test_a_file_of_fixed_size_takes_no_other_tile():
    with pytest.raises(ImageError, match="takes 24 x 16 only"):
        plan_tiles(40, 40, halo=2, sizes=((16, 24),), side=32)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_tiled_equals_whole(scale):
    for height, width, halo, side, _ in random_cases(40):
        network, image = open_network(scale, halo), make_image(height, width)
        whole = network.run(image)
        network.ran.clear()
        tiled = upscale_image(network, image, tile=side)
        assert np.abs(tiled - whole).max() <= 1e-6
        assert len(network.ran) == len(plan_tiles(height, width, halo=halo, side=side))


def test_fixed_tiles_equal_whole_where_the_picture_is_large_enough():
    for height, width, halo, *size in random_cases(40):
        image = make_image(max(height, size[0]), max(width, size[1]))
        whole = open_network(2, halo).run(image)
        tiled = upscale_image(open_network(2, halo, (tuple(size),)), image)
        assert np.abs(tiled - whole).max() <= 1e-6


def test_a_halo_of_one_pixel_less_is_seen():
    network, image = open_network(halo=3, reach=4), make_image(40, 40)
    assert np.abs(upscale_image(network, image, tile=16) - network.run(image)).max() > 1e-6


@pytest.mark.parametrize(("height", "width"), [(9, 40), (40, 9), (9, 9), (1, 1), (1, 40)])
def test_a_small_picture_in_a_fixed_file_is_exact_but_for_the_halo_of_the_added_sides(
    height, width
):
    halo, side = 3, 16
    network, image = open_network(2, halo, ((side, side),)), make_image(height, width)
    tiled = upscale_image(network, image)
    inside = np.s_[
        :, :, : 2 * (height - halo * (height < side)), : 2 * (width - halo * (width < side))
    ]
    whole = open_network(2, halo).run(image)
    assert tiled.shape == whole.shape
    if min(height, width) > halo:
        assert np.abs(tiled[inside] - whole[inside]).max() <= 1e-6
    mirrored = np.pad(
        image,
        ((0, 0), (0, 0), (0, max(side - height, 0)), (0, max(side - width, 0))),
        mode="symmetric",
    )
    extended = open_network(2, halo).run(mirrored)[:, :, : 2 * height, : 2 * width]
    assert np.abs(tiled - extended).max() <= 1e-6


def test_pixels_are_those_of_the_whole_image_rounded():
    pixels = np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    network = open_network()
    assert np.array_equal(
        upscale_pixels(network, pixels, tile=16), to_pixels(network.run(to_image(pixels)))
    )


def test_memory_holds_the_result_and_one_tile():
    network = open_network(scale=4, halo=0)
    pixels = np.zeros((512, 512, 3), np.uint8)
    tracemalloc.start()
    result = upscale_pixels(network, pixels, tile=32)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < result.nbytes + 3_000_000  # a float result of this picture takes 50 MB


def test_progress_counts_every_tile():
    told = []
    network = open_network()
    upscale_image(
        network,
        make_image(40, 20),
        tile=16,
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(done, len(network.ran)) for done in range(1, len(network.ran) + 1)]


@pytest.mark.parametrize("sizes", [None, ((16, 16),)])
def test_a_picture_without_pixels_is_refused(sizes):
    network = open_network(sizes=sizes)
    with pytest.raises(ImageError, match="no pixels"):
        upscale_image(network, np.zeros((1, 3, 0, 5), np.float32))
    with pytest.raises(ImageError, match="no pixels"):
        upscale_pixels(network, np.zeros((5, 0, 3), np.uint8))
    assert network.ran == []


def test_a_file_that_does_not_know_its_halo_is_refused():
    with pytest.raises(ModelLoadError, match="scnet convert"):
        upscale_image(Network(None, 0), make_image(4, 4))


def test_a_file_that_breaks_its_promise_is_refused():
    network = open_network(scale=2)
    network.run = open_network(scale=3).run
    with pytest.raises(ModelLoadError, match="promises x2"):
        upscale_image(network, make_image(4, 4))


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ModelLoadError, match="not numbers"):
        upscale_image(open_network(halo=0), np.full((1, 3, 4, 4), np.nan, np.float32))


def test_pixels_of_8_bits_take_the_smaller_halo_and_all_else_the_exact_one():
    model, image = Promise(2, 3, None, halo_8bit=1), make_image(20, 20)
    pixels, deep = to_pixels(image), (image[0].transpose(1, 2, 0) * 65535).astype(np.uint16)

    def count(upscale, picture, **choice):
        network = Network(model, reach=3)
        upscale(network, picture, tile=8, **choice)
        return len(network.ran)

    exact, smaller = (len(plan_tiles(20, 20, halo=halo, side=8)) for halo in (3, 1))
    assert count(upscale_pixels, pixels) == smaller < exact
    assert count(upscale_pixels, pixels, exact=True) == exact
    assert count(upscale_pixels, deep) == exact
    assert count(upscale_image, image) == exact
