"""Upscaling of whole pictures: exact tiling, and PSNR on folders."""
