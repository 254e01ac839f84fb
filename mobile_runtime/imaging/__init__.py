"""Pictures: reading, writing, PSNR and SSIM, side-by-side comparisons."""
