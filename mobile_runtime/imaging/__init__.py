"""Pictures: files to pixels and back, PSNR and SSIM, side-by-side comparisons."""
