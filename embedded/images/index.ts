/** What the embedded cluster uses of the image maker. */
export { acmeSolverImage, busyboxImage, certManagerEntries, certManagerImage, corednsEntry, imageCatalog, nodeImages, otherGlitchTips, traefikEntry, traefikImage } from './catalog.js';
export type { ImageEntry } from './catalog.js';
export { ensureImages } from './ensure-images.js';
export type { ImageArchive, ImageProgress } from './ensure-images.js';
