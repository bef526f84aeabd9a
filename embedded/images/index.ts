/** What the embedded cluster uses of the image maker. */
export { busyboxImage, corednsEntry, imageCatalog, nodeImages, pauseImage } from './catalog.js';
export { ensureImages } from './ensure-images.js';
export type { EnsureImagesOptions, ImageArchive, ImageProgress, ImageSource } from './ensure-images.js';
export { hostDebianPackages } from './package-lists.js';
export { MissingToolsError } from './tools.js';
