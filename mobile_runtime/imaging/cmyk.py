"""Colors of print, as a profile says they look, in sRGB."""

from io import BytesIO

from PIL import Image as Pillow

from mobile_runtime.errors import ImageError
from mobile_runtime.imaging.icc_profile import color_space_of


def to_srgb(image: Pillow.Image, profile: bytes | None) -> Pillow.Image:
    """Return a CMYK image in sRGB: relative colorimetric, with black point compensation.

    Raises:
        ImageError: It has no profile for CMYK, without which nobody knows its colors.
    """
    if profile is None or color_space_of(profile) != b"CMYK":
        raise ImageError(
            "is stored as CMYK without a color profile, so nobody knows its colors: convert it to "
            "8-bit sRGB first, where you can see what that changes."
        )
    from PIL import ImageCms  # not in every build of Pillow

    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, ImportError) as error:
        raise ImageError(f"is stored as CMYK, and its color profile fails: {error}.") from error
    assert converted is not None
    return converted
